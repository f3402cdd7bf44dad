#include "protocols/http/refusal.hpp"

#include <sys/socket.h>

#include <array>
#include <string>

#include "protocols/http/response_writer.hpp"

namespace millrace::http {

void refuse_connection(int fd, ErrorCode code) {
  constexpr std::array kFields{Header{"Retry-After", "5"}};
  std::string answer;
  ResponseWriter("Millrace")
      .write_error(answer, error_info(code).http_status, KeepAlive::kNo, Cors::kNo, Method::kGet,
                   kFields);
  (void)::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd, SHUT_WR);
  // What was sent already is taken, or the close would be a reset that takes the answer away.
  std::array<char, 4096> ignored;
  (void)::recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT);
}

}  // namespace millrace::http
