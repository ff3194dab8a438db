#include "pomona/features/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "pomona/base/json.h"
#include "pomona/base/text.h"

namespace pomona {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::int64_t kLengthBytes = 8;
constexpr std::int64_t kLargestHeader = 100'000'000;  // the limit of the reference implementation
constexpr std::int64_t kDataAlignment = 64;           // lets a memory-mapped file serve vector instructions
constexpr std::string_view kMetadataKey = "__metadata__";

/// A tensor as the header declares it.
struct Entry {
  Tensor tensor;  ///< without data
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

Result<Json> ReadHeader(arrow::io::RandomAccessFile* file, std::int64_t file_size, std::string_view origin,
                        std::int64_t* data_start) {
  if (file_size < kLengthBytes) {
    return Status::Invalid(origin, " is not a safetensors file: it has ", file_size, " bytes");
  }
  std::uint64_t length = 0;
  ARROW_ASSIGN_OR_RAISE(const std::int64_t got, file->ReadAt(0, kLengthBytes, &length));
  if (got != kLengthBytes) return Status::IOError(origin, ": read ", got, " bytes of ", kLengthBytes);
  if (length > static_cast<std::uint64_t>(std::min(kLargestHeader, file_size - kLengthBytes))) {
    return Status::Invalid(origin, " is not a safetensors file: its header would have ", length,
                           " bytes, the whole file has ", file_size);
  }
  *data_start = kLengthBytes + static_cast<std::int64_t>(length);
  ARROW_ASSIGN_OR_RAISE(const auto buffer, file->ReadAt(kLengthBytes, static_cast<std::int64_t>(length)));
  const std::string_view text(*buffer);
  if (text.size() != length) return Status::IOError(origin, ": read ", text.size(), " bytes of ", length);

  // The JSON library would silently keep one of two equal keys.
  std::set<std::string> names;
  std::string repeated;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    const bool is_name = event == Json::parse_event_t::key && depth == 1;
    if (is_name && !names.insert(parsed.get<std::string>()).second) repeated = parsed.get<std::string>();
    return true;
  };
  Json header;
  try {
    header = Json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    return Status::Invalid(origin, ": the safetensors header is not valid JSON: ", error.what());
  }
  if (!header.is_object()) return Status::Invalid(origin, ": the safetensors header is not an object");
  if (!repeated.empty()) return Status::Invalid(origin, ": tensor \"", repeated, "\" appears twice");
  return header;
}

/// Bytes of a tensor of that shape, or nothing when the shape is absurd.
std::optional<std::int64_t> ByteSize(const Tensor& tensor) {
  std::int64_t size = ElementSize(tensor.type);
  for (const std::int64_t extent : tensor.shape) {
    if (extent < 0 || __builtin_mul_overflow(size, extent, &size)) return std::nullopt;
  }
  return size;
}

Result<Entry> ParseEntry(const std::string& name, const Json& declared, std::string_view origin) {
  const auto wrong = [&](const auto&... what) {
    return Status::Invalid(origin, ": tensor \"", ToValidUtf8(name), "\" ", what...);
  };
  if (!declared.is_object() || declared.size() != 3 || !declared.contains("dtype") || !declared.contains("shape") ||
      !declared.contains("data_offsets")) {
    return wrong("must have exactly dtype, shape and data_offsets");
  }
  const Json& dtype = declared["dtype"];
  const Json& shape = declared["shape"];
  const Json& offsets = declared["data_offsets"];
  const auto is_count = [](const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
  };
  if (!dtype.is_string()) return wrong("has a dtype that is not a string");
  if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_count)) {
    return wrong("has a shape that is not a list of counts: ", shape.dump(-1, ' ', true));
  }
  if (!offsets.is_array() || offsets.size() != 2 || !std::all_of(offsets.begin(), offsets.end(), is_count)) {
    return wrong("has data_offsets that are not two counts");
  }
  const auto type = ElementTypeFromName(dtype.get_ref<const std::string&>());
  if (!type) {
    return Status::NotImplemented(origin, ": tensor \"", name, "\" has the element type ", dtype.dump(),
                                  "; F16, F32, F64, I16, I32, I64 and U8 are read");
  }
  Entry entry;
  entry.tensor = {name, *type, shape.get<std::vector<std::int64_t>>(), nullptr};
  entry.begin = offsets[0].get<std::int64_t>();
  entry.end = offsets[1].get<std::int64_t>();
  const std::optional<std::int64_t> size = ByteSize(entry.tensor);
  if (!size || entry.end < entry.begin || entry.end - entry.begin != *size) {
    return wrong("of shape ", ShapeText(entry.tensor.shape), " and type ", dtype.get<std::string>(),
                 " does not have the bytes [", entry.begin, ", ", entry.end, ")");
  }
  return entry;
}

/// The entries in the order of their bytes, which must follow each other and fill the file.
Status CheckLayout(std::vector<Entry>* entries, std::int64_t data_size, std::string_view origin) {
  std::stable_sort(entries->begin(), entries->end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::int64_t place = 0;
  for (const Entry& entry : *entries) {
    if (entry.begin != place) {
      return Status::Invalid(origin, ": tensor \"", entry.tensor.name, "\" starts at byte ", entry.begin,
                             " of the data, ", place, " expected (bytes overlap or are left out)");
    }
    place = entry.end;
  }
  if (place != data_size) {
    return Status::Invalid(origin, ": the tensors need ", place, " bytes, the file holds ", data_size);
  }
  return Status::OK();
}

Result<std::map<std::string, std::string>> ParseMetadata(const Json& declared, std::string_view origin) {
  std::map<std::string, std::string> metadata;
  if (!declared.is_object()) return Status::Invalid(origin, ": ", kMetadataKey, " is not an object");
  for (const auto& [key, value] : declared.items()) {
    if (!value.is_string()) return Status::Invalid(origin, ": metadata \"", key, "\" is not a string");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

}  // namespace

Result<Tensor> Safetensors::Find(std::string_view name) const {
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return tensor;
    names.push_back(tensor.name);
  }
  const std::string nearest = NearestWord(name, names);
  return Status::KeyError("no tensor \"", name, "\" in the file",
                          nearest.empty() ? std::string() : "; did you mean \"" + nearest + "\"?");
}

Result<Safetensors> ReadSafetensors(const std::shared_ptr<arrow::io::RandomAccessFile>& file, std::string_view origin) {
  ARROW_ASSIGN_OR_RAISE(const std::int64_t file_size, file->GetSize());
  std::int64_t data_start = 0;
  ARROW_ASSIGN_OR_RAISE(const Json header, ReadHeader(file.get(), file_size, origin, &data_start));
  Safetensors result;
  std::vector<Entry> entries;
  for (const auto& [name, declared] : header.items()) {
    if (name == kMetadataKey) {
      ARROW_ASSIGN_OR_RAISE(result.metadata, ParseMetadata(declared, origin));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(Entry entry, ParseEntry(name, declared, origin));
    entries.push_back(std::move(entry));
  }
  ARROW_RETURN_NOT_OK(CheckLayout(&entries, file_size - data_start, origin));

  for (Entry& entry : entries) {
    const std::int64_t size = entry.end - entry.begin;
    ARROW_ASSIGN_OR_RAISE(entry.tensor.data, file->ReadAt(data_start + entry.begin, size));
    if (entry.tensor.data->size() != size) {
      return Status::IOError(origin, ": the bytes of tensor \"", entry.tensor.name, "\" end early");
    }
    if (reinterpret_cast<std::uintptr_t>(entry.tensor.data->data()) %
            static_cast<std::uintptr_t>(ElementSize(entry.tensor.type)) !=
        0) {
      ARROW_ASSIGN_OR_RAISE(entry.tensor.data, entry.tensor.data->CopySlice(0, size));
    }
    result.tensors.push_back(std::move(entry.tensor));
  }
  return result;
}

Status WriteSafetensors(std::span<const Tensor> tensors, const std::map<std::string, std::string>& metadata,
                        arrow::io::OutputStream* output) {
  Json header = Json::object();
  if (!metadata.empty()) header[std::string(kMetadataKey)] = metadata;
  std::int64_t place = 0;
  for (const Tensor& tensor : tensors) {
    const std::optional<std::int64_t> size = ByteSize(tensor);
    if (!size || tensor.data == nullptr || tensor.data->size() != *size) {
      return Status::Invalid("tensor \"", tensor.name, "\" of shape ", ShapeText(tensor.shape), " holds ",
                             tensor.data == nullptr ? 0 : tensor.data->size(), " bytes");
    }
    if (tensor.name == kMetadataKey || header.contains(tensor.name)) {
      return Status::Invalid("two tensors are called \"", tensor.name, "\"");
    }
    header[tensor.name] = {
        {"dtype", ElementTypeName(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {place, place + *size}}};
    place += *size;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception& error) {
    return Status::Invalid("a tensor's name or the metadata cannot be written: ", error.what());
  }
  while ((kLengthBytes + static_cast<std::int64_t>(text.size())) % kDataAlignment != 0) text += ' ';
  const std::uint64_t length = text.size();
  ARROW_RETURN_NOT_OK(output->Write(&length, kLengthBytes));
  ARROW_RETURN_NOT_OK(output->Write(text));
  for (const Tensor& tensor : tensors) ARROW_RETURN_NOT_OK(output->Write(tensor.data));
  return Status::OK();
}

}  // namespace pomona
