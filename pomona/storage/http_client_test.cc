#include "pomona/storage/http_client.h"

#include <string>
#include <thread>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pomona/base/failure.h"
#include "pomona/storage/retry.h"

namespace pomona {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A server that gives one answer and hangs up.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    listen(socket_, 1);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] {
      const int peer = accept(socket_, nullptr, nullptr);
      char request[4096];
      const ssize_t count = read(peer, request, sizeof request);
      request_.assign(request, count > 0 ? static_cast<std::size_t>(count) : 0);
      EXPECT_GT(write(peer, answer_.data(), answer_.size()), 0);
      close(peer);
    });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
    close(socket_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  const std::string& url() const { return url_; }
  const std::string& Request() {
    thread_.join();
    return request_;
  }

 private:
  std::string answer_;
  std::string url_;
  std::string request_;
  int socket_;
  std::thread thread_;
};

TEST(HttpClient, SendsThePathAsItIs) {
  OneAnswer server("HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 2\r\n\r\nhi");
  HttpRequest request;
  request.url = server.url() + "/bucket/../a//b%3Dc";
  request.headers = {"range: bytes=0-1"};
  const HttpResponse response = HttpClient({}).Send(request).ValueOrDie();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hi");
  EXPECT_EQ(response.header("etag"), "\"x\"");
  EXPECT_THAT(server.Request(),
              AllOf(HasSubstr("GET /bucket/../a//b%3Dc HTTP/1.1\r\n"), HasSubstr("range: bytes=0-1\r\n")));
}

TEST(HttpClient, ABodyThatBreaksOffIsTriedAgain) {
  const OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
  ByteBuffer bytes;
  HttpRequest request;
  request.url = server.url();
  request.into = &bytes;
  const Status status = HttpClient({}).Send(request).status();
  EXPECT_TRUE(IsTransient(status));
  EXPECT_THAT(status.message(), HasSubstr("truncated"));
}

TEST(HttpClient, ABodyOfMoreBytesThanAreWantedIsTooLarge) {
  const OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
  ByteBuffer bytes;
  HttpRequest request;
  request.url = server.url();
  request.into = &bytes;
  request.most_bytes = 99;
  const Status status = HttpClient({}).Send(request).status();
  EXPECT_EQ(FailureCodeOf(status), FailureCode::kTooLarge) << status.ToString();
  EXPECT_FALSE(IsTransient(status));
}

TEST(HttpClient, AnErrorsBodyDoesNotGoWhereTheFileGoes) {
  const OneAnswer server("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  ByteBuffer bytes;
  HttpRequest request;
  request.url = server.url();
  request.into = &bytes;
  const HttpResponse response = HttpClient({}).Send(request).ValueOrDie();
  EXPECT_EQ(response.body, "gone");
  EXPECT_EQ(bytes.size(), 0U);
}

TEST(HttpClient, SaysThatThePortSpeaksNoTls) {
  const OneAnswer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  HttpRequest request;
  request.url = "https" + server.url().substr(4);
  const Status status = HttpClient({}).Send(request).status();
  EXPECT_FALSE(IsTransient(status));
  EXPECT_THAT(status.message(), HasSubstr("no TLS there"));
}

}  // namespace
}  // namespace pomona
