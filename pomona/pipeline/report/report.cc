#include "pomona/pipeline/report/report.h"

#include <array>
#include <string_view>
#include <utility>

#include <arrow/util/base64.h>

#include "pomona/base/hash.h"
#include "pomona/pipeline/report/page_text.h"
#include "pomona/pipeline/report/report_payload.h"

/// The bytes of a part of the page, which report.cmake puts into the library.
#define POMONA_REPORT_PART(name)                                                               \
  extern "C" const unsigned char pomona_report_##name##_begin[], pomona_report_##name##_end[]; \
  static std::string name() {                                                                  \
    return {reinterpret_cast<const char*>(pomona_report_##name##_begin),                       \
            reinterpret_cast<const char*>(pomona_report_##name##_end)};                        \
  }

namespace report_part {
POMONA_REPORT_PART(html)
POMONA_REPORT_PART(base_css)
POMONA_REPORT_PART(plots_css)
POMONA_REPORT_PART(media_css)
POMONA_REPORT_PART(elements_js)
POMONA_REPORT_PART(charts_js)
POMONA_REPORT_PART(map_js)
POMONA_REPORT_PART(page_js)
POMONA_REPORT_PART(echarts)
}  // namespace report_part

#undef POMONA_REPORT_PART

namespace pomona {
namespace {

/// Bytes; the promise is 15 MB.
constexpr std::size_t kPageBytes = 14'500'000;

/// "'sha256-...'" for a Content-Security-Policy: the page runs our scripts and no other.
std::string ScriptHash(std::string_view script) {
  const std::string hex = Sha256(script);
  std::string digest;
  for (std::size_t i = 0; i < hex.size(); i += 2) digest += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return "'sha256-" + arrow::util::base64_encode(digest) + "'";
}

using Parts = std::array<std::pair<std::string_view, std::string_view>, 5>;

/// Fills the template's marks in one pass, so that a mark inside a value stays as it is.
std::string FillTemplate(std::string_view page, const Parts& parts) {
  std::string filled;
  while (true) {
    const std::pair<std::string_view, std::string_view>* next = nullptr;
    std::size_t place = std::string_view::npos;
    for (const auto& part : parts) {
      const std::size_t found = page.find(part.first);
      if (found < place) {
        place = found;
        next = &part;
      }
    }
    filled += page.substr(0, place);
    if (next == nullptr) return filled;
    filled += next->second;
    page.remove_prefix(place + next->first.size());
  }
}

}  // namespace

std::string RenderReport(const ReportData& data) {
  const std::string page = report_part::html();
  const std::string style = report_part::base_css() + report_part::plots_css() + report_part::media_css();
  const std::string library = InlineScript(report_part::echarts());
  const std::string script = InlineScript(report_part::elements_js() + report_part::charts_js() +
                                          report_part::map_js() + report_part::page_js());
  const std::string hashes = ScriptHash(library) + " " + ScriptHash(script);
  const std::size_t fixed = page.size() + style.size() + library.size() + script.size() + hashes.size();
  const std::string payload = ReportPayload(data, kPageBytes - fixed);
  return FillTemplate(page, {{{"@SCRIPT_HASHES@", hashes},
                              {"@STYLE@", style},
                              {"@DATA@", payload},
                              {"@LIBRARY@", library},
                              {"@SCRIPT@", script}}});
}

}  // namespace pomona
