// firebreak-agent: reads a battery room's sensors, publishes and acts. Its verbs are in verbs/.
#include "firmware/verbs/verbs.hpp"

int main(int argc, char** argv) {
    using namespace firebreak;
    Program program("firebreak-agent", "Reads a battery room's sensors, publishes and acts");
    add_check(program);
    add_run(program);
    add_read(program);
    add_watch(program);
    add_scan(program);
    add_alarm(program);
    add_keygen(program);
    add_sparkplug(program);
    return program.run(argc, argv);
}
