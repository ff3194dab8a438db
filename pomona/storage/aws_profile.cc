#include "pomona/storage/aws_profile.h"

#include <fstream>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

namespace pomona {
namespace {

/// Keys and values of one section; a nested value has the key of its parent before its own: "s3 endpoint_url".
using Section = std::map<std::string, std::string>;

std::string Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

/// "[profile  a]" and "[profile a]" are one.
std::string SectionName(std::string_view line) {
  std::istringstream words{std::string(line.substr(1, line.find(']') - 1))};
  std::string kind;
  std::string name;
  words >> kind >> name;
  return name.empty() ? kind : kind + " " + name;
}

std::map<std::string, Section> ReadSections(std::istream& file) {
  std::map<std::string, Section> sections;
  std::string section;
  std::string parent;
  for (std::string line; std::getline(file, line);) {
    const std::string text = Trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      section = SectionName(text);
      parent.clear();
      continue;
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) continue;
    std::string key = Trimmed(std::string_view(text).substr(0, equals));
    std::string value = Trimmed(std::string_view(text).substr(equals + 1));
    value = Trimmed(std::string_view(value).substr(0, value.find(" #")));
    const bool nested = line.front() == ' ' || line.front() == '\t';
    if (!nested) parent = value.empty() ? key : "";
    if (nested && !parent.empty()) key.insert(0, parent + " ");
    sections[section][key] = std::move(value);
  }
  return sections;
}

}  // namespace

AwsProfile ReadAwsProfile(std::istream& file, const std::string& name) {
  std::map<std::string, Section> sections = ReadSections(file);
  Section& profile = sections[sections.contains("profile " + name) ? "profile " + name : name];
  AwsProfile found{profile["region"], profile["endpoint_url"], profile["ca_bundle"]};
  if (const std::string services = profile["services"]; !services.empty()) {
    const std::string endpoint = sections["services " + services]["s3 endpoint_url"];
    if (!endpoint.empty()) found.endpoint_url = endpoint;
  }
  return found;
}

AwsProfile ReadAwsProfile(const std::filesystem::path& file, const std::string& name) {
  std::ifstream stream(file);
  return ReadAwsProfile(stream, name);
}

}  // namespace pomona
