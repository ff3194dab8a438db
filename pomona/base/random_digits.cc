#include "pomona/base/random_digits.h"

#include <random>
#include <string_view>

namespace pomona {

std::string RandomDigits(int count) {
  std::random_device random;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (int i = 0; i < count; ++i) digits += kDigits[random() % kDigits.size()];
  return digits;
}

}  // namespace pomona
