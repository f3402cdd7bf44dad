#include "protocols/srt/module.hpp"

#include "protocols/srt/driver.hpp"
#include "protocols/srt/srt_caller.hpp"

namespace millrace::srt {

const ProtocolModule kModule{
    .name = "srt",
    .accept = nullptr,
    .configure = nullptr,
    .make_output = nullptr,
    .every_second = nullptr,
    .listen =
        [](std::span<LoopContext* const> loops, const Fields& what) {
          return loops.front()->modules.get<Driver>().listen(loops, what);
        },
    .connect =
        [](std::span<LoopContext* const> loops, const Fields& what) {
          StreamId id;
          id.app = what.text("app");
          id.stream = what.text("stream");
          LoopContext* context = loops[id.hash() % loops.size()];
          Driver* driver = &context->modules.get<Driver>();
          context->loop.post(
              [context, driver, what] { SrtCaller::begin(*context, *driver, what); });
        },
};

}  // namespace millrace::srt
