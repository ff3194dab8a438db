#include "pomona/pipeline/globs.h"

#include <algorithm>

namespace pomona {

std::size_t Glob::ParseSet(std::string_view pattern, std::size_t place) {
  Token token;
  token.kind = Token::Kind::kSet;
  std::size_t next = place + 1;
  if (next < pattern.size() && (pattern[next] == '!' || pattern[next] == '^')) {
    token.negated = true;
    ++next;
  }
  const std::size_t first = next;
  while (next < pattern.size() && (pattern[next] != ']' || next == first)) {
    const auto low = static_cast<unsigned char>(pattern[next]);
    auto high = low;
    if (next + 2 < pattern.size() && pattern[next + 1] == '-' && pattern[next + 2] != ']') {
      high = static_cast<unsigned char>(pattern[next + 2]);
      next += 2;
    }
    token.ranges.emplace_back(low, high);
    ++next;
  }
  if (next >= pattern.size()) return place;  // no closing bracket: '[' stands for itself
  tokens_.push_back(std::move(token));
  return next + 1;
}

Glob::Glob(std::string_view pattern) : whole_path_(pattern.find('/') != std::string_view::npos) {
  std::size_t i = 0;
  while (i < pattern.size()) {
    const char byte = pattern[i];
    Token token;
    if (pattern.substr(i).starts_with("**/") && (i == 0 || pattern[i - 1] == '/')) {
      token.kind = Token::Kind::kFolders;
      i += 3;
    } else if (pattern.substr(i).starts_with("**")) {
      token.kind = Token::Kind::kDoubleStar;
      i += 2;
    } else if (byte == '*' || byte == '?') {
      token.kind = byte == '*' ? Token::Kind::kStar : Token::Kind::kAnyByte;
      ++i;
    } else {
      if (byte == '[') {
        const std::size_t end = ParseSet(pattern, i);
        if (end != i) {
          i = end;
          continue;
        }
      }
      if (byte == '\\' && i + 1 < pattern.size()) ++i;
      token.byte = pattern[i];
      ++i;
    }
    tokens_.push_back(std::move(token));
  }
}

bool Glob::TakesByte(const Token& token, char byte) {
  switch (token.kind) {
    case Token::Kind::kByte:
      return byte == token.byte;
    case Token::Kind::kAnyByte:
    case Token::Kind::kStar:
      return byte != '/';
    case Token::Kind::kSet: {
      const auto value = static_cast<unsigned char>(byte);
      const bool inside = std::any_of(token.ranges.begin(), token.ranges.end(),
                                      [&](const auto& range) { return range.first <= value && value <= range.second; });
      return byte != '/' && inside != token.negated;
    }
    default:
      return true;
  }
}

bool Glob::Matches(std::string_view path) const {
  if (!whole_path_) path.remove_prefix(path.rfind('/') + 1);
  // All places of the pattern that the bytes read so far can have led to.
  std::vector<char> here(tokens_.size() + 1);
  std::vector<char> next(tokens_.size() + 1);
  const auto reach = [&](std::vector<char>& places) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (places[i] != 0 && tokens_[i].kind >= Token::Kind::kStar) places[i + 1] = 1;
    }
  };
  here[0] = 1;
  reach(here);
  for (const char byte : path) {
    std::fill(next.begin(), next.end(), 0);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (here[i] == 0 || !TakesByte(tokens_[i], byte)) continue;
      const Token::Kind kind = tokens_[i].kind;
      if (kind < Token::Kind::kStar) {
        next[i + 1] = 1;
      } else if (kind != Token::Kind::kFolders) {
        next[i] = 1;
      } else {
        next[i] = 2;  // inside a folder's name: what follows starts only after the '/'
        if (byte == '/') next[i + 1] = 1;
      }
    }
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (next[i] != 0 && tokens_[i].kind >= Token::Kind::kStar && tokens_[i].kind != Token::Kind::kFolders) {
        next[i + 1] = 1;
      }
      if (next[i] == 1 && tokens_[i].kind == Token::Kind::kFolders) next[i + 1] = 1;
    }
    here.swap(next);
  }
  return here[tokens_.size()] != 0;
}

bool PassesGlobs(std::string_view path, const std::vector<Glob>& include, const std::vector<Glob>& exclude) {
  const auto matches = [&](const Glob& glob) { return glob.Matches(path); };
  return (include.empty() || std::any_of(include.begin(), include.end(), matches)) &&
         std::none_of(exclude.begin(), exclude.end(), matches);
}

}  // namespace pomona
