#pragma once

#include <string>

#include "pomona/base/status.h"

namespace pomona {

/// \brief What is wrong with TLS at a store's endpoint, in the words of our own client.
///
/// The clients of Google and Microsoft give an unknown authority, plain HTTP where TLS is wanted and TLS where plain
/// HTTP is wanted as errors of the network, and try again for a minute or two.
///
/// \param[in] url of any place there \return OK where nothing is wrong with TLS, whatever else may be
Status LookAtTls(const std::string& url);

}  // namespace pomona
