needs=(mvn javac)
# A worker lives for seconds: no time to optimize it.
worker="java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp build/java/classes:build/java/test-classes:build/java/lib/* Worker"

build() {
  # The conformance tests build it too, under the same lock.
  flock build/conformance-java.lock clients/java/build
}
