# Every library the house uses, by its Debian 12 package. Protobuf must be found in module mode and before gRPC.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
# Headers alone: Boost.Math, for distributions.
find_package(Boost REQUIRED)
# Headers alone: the sum that RocksDB gives the blocks of its tables.
find_path(XXHASH_INCLUDE xxhash.h REQUIRED)
