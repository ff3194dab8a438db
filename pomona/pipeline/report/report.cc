#include "pomona/pipeline/report/report.h"

#include <array>
#include <string_view>
#include <utility>

#include <arrow/util/base64.h>

#include "pomona/base/hash.h"
#include "pomona/pipeline/report/page_text.h"
#include "pomona/pipeline/report/report_payload.h"

// The parts of the page, put into the library by report.cmake.
extern "C" {
extern const unsigned char pomona_report_html_begin[], pomona_report_html_end[];
extern const unsigned char pomona_report_css_begin[], pomona_report_css_end[];
extern const unsigned char pomona_report_charts_begin[], pomona_report_charts_end[];
extern const unsigned char pomona_report_js_begin[], pomona_report_js_end[];
extern const unsigned char pomona_report_echarts_begin[], pomona_report_echarts_end[];
}

namespace pomona {
namespace {

/// Bytes; the promise is 15 MB.
constexpr std::size_t kPageBytes = 14'500'000;

std::string_view Embedded(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

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
  const std::string_view page = Embedded(pomona_report_html_begin, pomona_report_html_end);
  const std::string_view style = Embedded(pomona_report_css_begin, pomona_report_css_end);
  const std::string library = InlineScript(Embedded(pomona_report_echarts_begin, pomona_report_echarts_end));
  const std::string script = InlineScript(std::string(Embedded(pomona_report_charts_begin, pomona_report_charts_end)) +
                                          std::string(Embedded(pomona_report_js_begin, pomona_report_js_end)));
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
