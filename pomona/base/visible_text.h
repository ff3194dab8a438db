#pragma once

#include <string>
#include <string_view>

namespace pomona {

/// \brief Text from outside (a name, a heading, a message) as one line that neither a terminal nor a log obeys.
///
/// Control characters become their pictures (a line break shows as U+240A, an escape as U+241B); those above ASCII,
/// marks that turn the direction of writing and separators of lines become "[U+202E]" and the like; bytes that are not
/// UTF-8 become `%XX`. What messages of the program, of Python and of Spark show passes through here.
std::string VisibleText(std::string_view text);

}  // namespace pomona
