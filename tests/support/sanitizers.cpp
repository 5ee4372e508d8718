// What the sanitizers shall not report of paho, which is not ours to change.
// - paho C 1.3.12 forgets the payloads of messages still queued when a client is destroyed
//   (MQTTAsync_NULLPublishCommands): a few, once, at the end of a process.
// - It is not built with ThreadSanitizer, which cannot see its shared_ptr counts; and its
//   set_callback() takes two locks in the other order than its callbacks (paho.mqtt.cpp #356),
//   which is harmless before the first connect, where we call it.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpaho-mqtt3as\n";
}

extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "race:libpaho-mqtt\ndeadlock:libpaho-mqtt\n";
}
