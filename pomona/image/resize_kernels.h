#pragma once

#include <cstddef>
#include <cstdint>

#include "pomona/image/resize_coefficients.h"

namespace pomona {

/// Bytes past the end of its last row that `ResizeAlongRows` may read.
inline constexpr std::size_t kRowSlack = 16;

/// \brief The horizontal pass: RGB rows of any width to rows of `table.out_size` pixels.
///
/// \param[in] source `rows` rows, `source_stride` bytes apart; `kRowSlack` bytes after the last must be readable
/// \param[out] target rows of 3 * `table.out_size` bytes, without a gap between them
void ResizeAlongRows(const std::uint8_t* source, std::size_t source_stride, std::size_t rows, const AxisTable& table,
                     std::uint8_t* target);

/// \brief The vertical pass: `table.out_size` rows of `row_bytes` samples, without a gap between them.
///
/// \param[in] source the rows from `first_row` of the input on, without a gap between them
void ResizeAlongColumns(const std::uint8_t* source, int first_row, std::size_t row_bytes, const AxisTable& table,
                        std::uint8_t* target);

}  // namespace pomona
