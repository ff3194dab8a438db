#include "pomona/storage/https_download.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pomona/base/hash.h"
#include "pomona/base/usage_error.h"

namespace pomona {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

/// Serves one file over HTTPS. The first folder of the path says how: /whole/ ignores Range, /range/ obeys it, /cut/
/// breaks off after a third of what is asked for, /redirect/ leads to plain HTTP; /log tells the ranges asked for.
constexpr std::string_view kServer = R"(
import http.server, ssl, sys
folder = sys.argv[1]
data = open(folder + "/data", "rb").read()
asked = []
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        way = self.path.split("/")[1]
        if way == "log":
            body = " ".join(asked).encode()
            self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
            self.wfile.write(body)
            return
        if way == "missing":
            self.send_error(404)
            return
        if way == "redirect":
            self.send_response(302); self.send_header("Location", "http://127.0.0.1:1/"); self.end_headers()
            return
        wanted = self.headers.get("Range")
        asked.append(wanted or "all")
        start = int(wanted[6:-1]) if wanted and way != "whole" else 0
        if start >= len(data):
            self.send_response(416); self.send_header("Content-Length", "0"); self.end_headers()
            return
        body = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(body if way != "cut" else body[:len(data) // 3])
        self.close_connection = True
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
open(folder + "/port.new", "w").write(str(server.server_address[1]))
import os
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
)";

constexpr std::string_view kCertificates = R"(
set -e
for ca in ca other; do
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$ca" -keyout $ca.key -out $ca.pem
done
openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout server.key -out server.csr
echo subjectAltName=IP:127.0.0.1 > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem
)";

std::string Slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Spit(const fs::path& path, std::string_view content) { std::ofstream(path, std::ios::binary) << content; }

class HttpsDownloadTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = fs::path(testing::TempDir()) / ("pomona_https_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    data_.clear();
    for (int i = 0; i < 300'000; ++i) data_ += static_cast<char>(i * 7 + i / 251);
    Spit(folder_ / "data", data_);
    Spit(folder_ / "server.py", kServer);
    Spit(folder_ / "certificates.sh", kCertificates);
    const std::string command = "cd '" + folder_.native() + "' && sh certificates.sh > certificates.log 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << Slurp(folder_ / "certificates.log");
    server_ = fork();
    if (server_ == 0) {
      execlp("python3", "python3", (folder_ / "server.py").c_str(), folder_.c_str(), nullptr);
      _exit(127);
    }
    while (!fs::exists(folder_ / "port")) {
      ASSERT_EQ(waitpid(server_, nullptr, WNOHANG), 0) << "the HTTPS server of this test ended";
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    base_ = "https://127.0.0.1:" + Slurp(folder_ / "port");
  }

  static void TearDownTestSuite() {
    if (server_ > 0) {
      kill(server_, SIGKILL);
      waitpid(server_, nullptr, 0);
    }
    fs::remove_all(folder_);
  }

  void SetUp() override { fs::remove_all(folder_ / "out"); }

  static DownloadOptions Options() {
    DownloadOptions options;
    options.ca_file = folder_ / "ca.pem";
    options.sha256 = Sha256(data_);
    options.size = static_cast<std::int64_t>(data_.size());
    return options;
  }

  /// The ranges the server was asked for so far.
  static std::string Asked() {
    DownloadOptions options;
    options.ca_file = folder_ / "ca.pem";
    const Status status = DownloadHttps(base_ + "/log", folder_ / "log", options);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return Slurp(folder_ / "log");
  }

  static fs::path Out() { return folder_ / "out" / "file"; }
  static fs::path Part() { return folder_ / "out" / "file.part"; }

  static void LeavePart(std::string_view content) {
    fs::create_directories(folder_ / "out");
    Spit(Part(), content);
  }

  static inline fs::path folder_;
  static inline std::string data_;
  static inline std::string base_;
  static inline pid_t server_ = 0;
};

TEST_F(HttpsDownloadTest, FetchesAndReportsProgress) {
  DownloadOptions options = Options();
  std::int64_t last = 0;
  std::int64_t total = 0;
  options.progress = [&](std::int64_t done, std::int64_t all) {
    last = done;
    total = all;
  };
  const Status status = DownloadHttps(base_ + "/range/x", Out(), options);
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Slurp(Out()), data_);
  EXPECT_FALSE(fs::exists(Part()));
  EXPECT_EQ(last, 300'000);
  EXPECT_EQ(total, 300'000);
}

TEST_F(HttpsDownloadTest, TakesUpWhereAnEarlierTryEnded) {
  LeavePart(data_.substr(0, 123'456));
  ASSERT_TRUE(DownloadHttps(base_ + "/range/x", Out(), Options()).ok());
  EXPECT_EQ(Slurp(Out()), data_);
  EXPECT_THAT(Asked(), testing::EndsWith("bytes=123456-"));
}

TEST_F(HttpsDownloadTest, ServerWithoutRangesSendsTheWholeFile) {
  LeavePart(data_.substr(0, 1000));
  ASSERT_TRUE(DownloadHttps(base_ + "/whole/x", Out(), Options()).ok());
  EXPECT_EQ(Slurp(Out()), data_);
}

TEST_F(HttpsDownloadTest, WholePartNeedsNoTransferAndALongerOneIsDropped) {
  LeavePart(data_);
  ASSERT_TRUE(DownloadHttps(base_ + "/range/x", Out(), Options()).ok());
  EXPECT_EQ(Slurp(Out()), data_);
  LeavePart(data_ + "more");
  ASSERT_TRUE(DownloadHttps(base_ + "/range/x", Out(), Options()).ok());
  EXPECT_EQ(Slurp(Out()), data_);
}

TEST_F(HttpsDownloadTest, PartOfAnotherFileIsFetchedAnew) {
  LeavePart(std::string(1000, 'z'));
  ASSERT_TRUE(DownloadHttps(base_ + "/range/x", Out(), Options()).ok());
  EXPECT_EQ(Slurp(Out()), data_);
}

TEST_F(HttpsDownloadTest, TransfersThatBreakOffAreResumed) {
  const Status status = DownloadHttps(base_ + "/cut/x", Out(), Options());
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(Slurp(Out()), data_);
  EXPECT_THAT(Asked(), testing::EndsWith("all bytes=100000- bytes=200000-"));
}

TEST_F(HttpsDownloadTest, WrongContentIsRefused) {
  DownloadOptions options = Options();
  options.sha256.clear();
  options.md5 = "6d6bbae143d832006294945121d1f1fc";
  const Status status = DownloadHttps(base_ + "/range/x", Out(), options);
  Hasher md5(HashKind::kMd5);
  md5.Update(data_);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(options.md5), HasSubstr(md5.Finish()), HasSubstr(base_)));
  EXPECT_FALSE(fs::exists(Out()));
  EXPECT_FALSE(fs::exists(Part()));
  options = Options();
  options.size = 5;
  EXPECT_THAT(DownloadHttps(base_ + "/range/x", Out(), options).message(), HasSubstr("300000 bytes, 5 were wanted"));
}

TEST_F(HttpsDownloadTest, CertificateMustLeadToTheCaFile) {
  DownloadOptions options = Options();
  options.ca_file = folder_ / "other.pem";
  EXPECT_THAT(DownloadHttps(base_ + "/range/x", Out(), options).message(),
              AllOf(HasSubstr("certificate"), HasSubstr("--ca-file")));
  options.ca_file.clear();  // the system's knows nothing of this server
  EXPECT_TRUE(DownloadHttps(base_ + "/range/x", Out(), options).IsIOError());
  options.ca_file = folder_ / "none.pem";
  EXPECT_TRUE(IsUsageError(DownloadHttps(base_ + "/range/x", Out(), options)));
  EXPECT_FALSE(fs::exists(Out()));
  EXPECT_FALSE(fs::exists(Part()));
}

TEST_F(HttpsDownloadTest, OnlyHttps) {
  EXPECT_TRUE(IsUsageError(DownloadHttps("http://127.0.0.1/x", Out(), Options())));
  EXPECT_TRUE(IsUsageError(DownloadHttps("file:///etc/passwd", Out(), Options())));
  EXPECT_TRUE(DownloadHttps(base_ + "/redirect/x", Out(), Options()).IsIOError());
  EXPECT_THAT(DownloadHttps(base_ + "/missing/x", Out(), Options()).message(), HasSubstr("404"));
}

TEST_F(HttpsDownloadTest, ClosedPortAndSilentServerFail) {
  EXPECT_THAT(DownloadHttps("https://127.0.0.1:1/x", Out(), Options()).message(), HasSubstr("https://127.0.0.1:1/x"));
  // A server that takes the connection and never speaks: the connect timeout covers the TLS handshake.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 4), 0);
  socklen_t length = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  DownloadOptions options = Options();
  options.connect_timeout_ms = 200;
  const std::string url = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x";
  EXPECT_TRUE(DownloadHttps(url, Out(), options).IsIOError());
  Cancellation cancellation;
  cancellation.Cancel();
  options.connect_timeout_ms = 600'000;
  options.cancellation = &cancellation;
  EXPECT_TRUE(DownloadHttps(url, Out(), options).IsCancelled());
  close(listener);
}

TEST_F(HttpsDownloadTest, OneProcessAtATime) {
  DownloadOptions options = Options();
  Status inner;
  options.progress = [&](std::int64_t, std::int64_t) {
    if (inner.ok()) inner = DownloadHttps(base_ + "/range/x", Out(), Options());
  };
  ASSERT_TRUE(DownloadHttps(base_ + "/range/x", Out(), options).ok());
  EXPECT_THAT(inner.message(), HasSubstr("another process"));
  EXPECT_EQ(Slurp(Out()), data_);
}

}  // namespace
}  // namespace pomona
