#pragma once

#include "pomona/base/status.h"
#include "pomona/learn/matrix.h"

namespace pomona {

/// \brief Replaces the rows of a (m, d) matrix, m <= d, by orthonormal ones that span the same space (Householder).
///
/// Rows that depend on earlier ones become some other unit vectors orthogonal to all.
///
/// Thread safety: calls may run together.
///
/// \return Invalid if m > d
Status OrthonormalizeRows(Matrix& rows);

}  // namespace pomona
