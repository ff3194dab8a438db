#include "pomona/storage/hadoop_site.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "pomona/storage/uri.h"

namespace pomona {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// What stands between <tag> and </tag>, trimmed.
std::string_view Element(std::string_view xml, std::string_view tag) {
  const std::string open = "<" + std::string(tag) + ">";
  const std::size_t start = xml.find(open);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = xml.substr(start + open.size());
  return Trimmed(rest.substr(0, rest.find("</" + std::string(tag) + ">")));
}

std::string ReadFile(const std::filesystem::path& place) {
  std::ifstream file(place, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string HadoopProperty(std::string_view xml, std::string_view name) {
  constexpr std::string_view kOpen = "<property>";
  std::string value;
  for (std::size_t start = xml.find(kOpen); start != std::string_view::npos; start = xml.find(kOpen, start + 1)) {
    const std::string_view property = xml.substr(start, xml.find("</property>", start) - start);
    if (Element(property, "name") == name) value = Element(property, "value");  // the last one holds
  }
  return value;
}

std::vector<std::string> HadoopHosts(const std::filesystem::path& folder) {
  std::vector<std::string> hosts;
  if (folder.empty()) return hosts;
  const std::string main = HadoopProperty(ReadFile(folder / "core-site.xml"), "fs.defaultFS");
  if (std::string scheme = SchemeOf(main); !scheme.empty()) {
    const UriParts parts = SplitUri(main, std::move(scheme));
    if (!parts.host().empty()) hosts.emplace_back(parts.host());
  }
  const std::string services = HadoopProperty(ReadFile(folder / "hdfs-site.xml"), "dfs.nameservices");
  for (std::string_view rest = services; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    if (!Trimmed(name).empty()) hosts.emplace_back(Trimmed(name));
  }
  return hosts;
}

}  // namespace pomona
