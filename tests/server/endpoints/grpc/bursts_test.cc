#include "server/endpoints/grpc/bursts.h"

#include <arpa/inet.h>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace hpod {
namespace {

constexpr int64_t kQuick_us = 10;

// Of the loopback interface: what one end has sent is there at the other when the call returns.
class Connection {
 public:
  Connection() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener, generic, size), 0);
    EXPECT_EQ(listen(listener, 1), 0);
    EXPECT_EQ(getsockname(listener, generic, &size), 0);
    client_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(connect(client_, generic, size), 0);
    server_ = accept(listener, nullptr, nullptr);
    EXPECT_GE(server_, 0);
    const int on = 1;
    EXPECT_EQ(setsockopt(server_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    close(listener);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (server_ >= 0) close(server_);
    close(client_);
  }

  int Server() const { return server_; }
  void Send(char answer) const { EXPECT_EQ(send(server_, &answer, 1, 0), 1); }
  // All that has come.
  std::string Received() const {
    char bytes[256];
    const ssize_t count = recv(client_, bytes, sizeof(bytes), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(bytes, static_cast<size_t>(count));
  }
  // As gRPC does.
  void EndServer() {
    EXPECT_EQ(shutdown(server_, SHUT_RDWR), 0);
    close(std::exchange(server_, -1));
  }
  // Whether the other end has been told so.
  bool HasClientEnded() const {
    char byte = 0;
    return recv(client_, &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  int client_ = -1;
  int server_ = -1;
};

TEST(Bursts, HoldsAnswersBackUntilThereAreEight) {
  const Connection connection;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(connection.Server()));
  bursts.Begin(10, kQuick_us);
  for (const char answer : std::string("12345678")) {
    bursts.Next();
    connection.Send(answer);
    EXPECT_EQ(connection.Received(), "");
  }
  bursts.Next();
  EXPECT_EQ(connection.Received(), "12345678");
  connection.Send('9');
  bursts.Next();
  connection.Send('a');
  EXPECT_EQ(connection.Received(), "");
  bursts.End();
  EXPECT_EQ(connection.Received(), "9a");
}

TEST(Bursts, LetsAnswersOutsideOfAGroupGo) {
  const Connection connection;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(connection.Server()));
  bursts.Next();
  connection.Send('1');
  EXPECT_EQ(connection.Received(), "1");
  bursts.Begin(2, kQuick_us);
  bursts.End();
  bursts.Next();
  connection.Send('2');
  EXPECT_EQ(connection.Received(), "2");
}

TEST(Bursts, LetsTheOnlyAnswerGo) {
  const Connection connection;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(connection.Server()));
  bursts.Begin(1, 0);
  bursts.Next();
  connection.Send('1');
  EXPECT_EQ(connection.Received(), "1");
  bursts.End();
}

TEST(Bursts, LetsAnswersGoThatWaitedForASlowDisk) {
  const Connection connection;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(connection.Server()));
  bursts.Begin(16, 100);
  bursts.Next();
  connection.Send('1');
  EXPECT_EQ(connection.Received(), "1");
  bursts.End();
}

TEST(Bursts, HoldsBackOnlyWhereTheConnectionsGetSeveralAnswers) {
  const Connection first;
  const Connection second;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(first.Server()));
  bursts.AddConnection(OwnSocket::Of(second.Server()));
  bursts.Begin(3, kQuick_us);
  bursts.Next();
  first.Send('1');
  EXPECT_EQ(first.Received(), "1");
  bursts.End();
  bursts.Begin(4, kQuick_us);
  bursts.Next();
  first.Send('1');
  bursts.Next();
  second.Send('2');
  EXPECT_EQ(first.Received() + second.Received(), "");
  bursts.End();
  EXPECT_EQ(first.Received() + second.Received(), "12");
}

TEST(Bursts, KnowsAFewConnectionsAtMost) {
  std::list<Connection> connections(Bursts::kMostConnections + 1);
  Bursts bursts;
  for (const Connection& each : connections) bursts.AddConnection(OwnSocket::Of(each.Server()));
  EXPECT_EQ(bursts.ConnectionCount(), Bursts::kMostConnections);
}

TEST(Bursts, ForgetsAConnectionThatHasEndedAndLetsItEnd) {
  Connection ended;
  const Connection other;
  Bursts bursts;
  bursts.AddConnection(OwnSocket::Of(ended.Server()));
  bursts.AddConnection(OwnSocket::Of(other.Server()));
  bursts.ForgetEnded();
  EXPECT_EQ(bursts.ConnectionCount(), 2U);
  ended.EndServer();
  EXPECT_TRUE(ended.HasClientEnded());
  bursts.ForgetEnded();
  EXPECT_EQ(bursts.ConnectionCount(), 1U);
  bursts.Begin(2, 0);
  bursts.Next();
  other.Send('1');
  EXPECT_EQ(other.Received(), "");
  bursts.End();
  EXPECT_EQ(other.Received(), "1");
}

}  // namespace
}  // namespace hpod
