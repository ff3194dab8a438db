#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include "pomona/base/status.h"
#include "pomona/storage/s3_client.h"
#include "pomona/storage/store_options.h"

namespace pomona {

/// \brief A place in S3 as `OpenS3` finds it.
struct S3Place {
  std::shared_ptr<arrow::fs::FileSystem> filesystem;
  std::shared_ptr<const S3Client> client;
  std::string path;  ///< bucket/key
};

/// \brief Opens what an `s3://` URI names. Clients are shared between URIs that reach one service in one way.
///
/// Besides Arrow's own query (`region`, `scheme`, `endpoint_override`, ...) `anonymous`, `path_style`, `ca_file` and
/// `role` are understood.
///
/// \param[in] uri strict (RFC 3986) \return UsageError for a URI that carries a secret or cannot be read
Result<S3Place> OpenS3(const std::string& uri, const StoreOptions& options);

/// \brief "bucket/key" in its parts.
struct S3Name {
  std::string bucket;
  std::string key;
};
S3Name SplitS3Path(std::string_view path);

/// \brief A file in S3 for reading anywhere; every read asks for the ETag that the object had when it was opened.
///
/// \param[in] etag that it must have, without quotes; "" for any
/// \return AlreadyExists when it has another
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenS3File(std::shared_ptr<const S3Client> client,
                                                                const std::string& path, const std::string& etag = {});

/// \brief A file in S3 for writing: one PUT up to 8 MiB, else an upload in parts that `Abort` and the destructor drop.
Result<std::shared_ptr<arrow::io::OutputStream>> CreateS3File(std::shared_ptr<const S3Client> client,
                                                              const std::string& path);

/// \brief Requests of all clients so far.
S3Requests AllS3Requests();

/// \brief Forgets the shared clients; those in use live on.
void CloseS3Clients();

}  // namespace pomona
