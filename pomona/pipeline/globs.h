#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pomona {

/// \brief A shell pattern on paths.
///
/// `*` stands for any characters but '/', `?` for one character but '/', `**` for any characters, `**/` also for
/// nothing, `[abc]`, `[a-z]` and `[!a-z]` for one character of a set; a backslash takes the next character as it is. A
/// pattern without '/' is tried on the last component of the path, one with '/' on the whole path.
///
/// Time is the product of both lengths at most, whatever the pattern. Thread safety: const calls may run together.
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  bool Matches(std::string_view path) const;

 private:
  struct Token {
    enum class Kind { kByte, kAnyByte, kSet, kStar, kDoubleStar, kFolders };
    Kind kind = Kind::kByte;
    char byte = 0;
    bool negated = false;
    std::vector<std::pair<unsigned char, unsigned char>> ranges;
  };

  static bool TakesByte(const Token& token, char byte);
  std::size_t ParseSet(std::string_view pattern, std::size_t place);

  std::vector<Token> tokens_;
  bool whole_path_ = false;
};

/// \brief True when some include pattern matches (or there is none) and no exclude pattern does.
bool PassesGlobs(std::string_view path, const std::vector<Glob>& include, const std::vector<Glob>& exclude);

}  // namespace pomona
