// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <c10/core/Device.h>
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "engine/base/error.h"
#include "engine/ops/info_tile.h"
#include "engine/ops/softmax_tile.h"
#include "engine/ops/split_tile.h"
#include "engine/ops/tile_twins.h"
#ifdef MOLSPACE_KERNELS
#include "engine/ops/cuda/launch.h"
#endif

namespace engine {
namespace {

template <typename Tile>
void check(const Tile& tile) {
    ENGINE_CHECK(tile.rows >= 0 && tile.cols > 0 && tile.stride >= tile.cols, "a tile of another shape");
    ENGINE_CHECK(tile.scale > 0, "a tile with a scale that is not above 0");
}

template <typename Tile>
void onGpu(const char* (*launch)(const Tile&, int, void*), const Tile& tile, const std::string& device) {
    const c10::Device gpu(device);
    ENGINE_CHECK(gpu.is_cuda() && gpu.has_index(), "no GPU with a number: " + device);
    const c10::impl::VirtualGuardImpl torch(gpu.type());
    const char* failed = launch(tile, gpu.index(), torch.getStream(gpu).native_handle());
    if (failed) {
        throw Error(ErrorCode::Device, device, std::string("a kernel was not launched: ") + failed,
                    "update the driver, or use --device cpu; MOLSPACE_CUDA=off builds without these kernels");
    }
}

#ifdef MOLSPACE_KERNELS
constexpr auto launchSoftmaxTile = cuda::launchSoftmaxTile;
constexpr auto launchInfoSums = cuda::launchInfoSums;
constexpr auto launchInfoWeights = cuda::launchInfoWeights;
constexpr auto launchSplitTile = cuda::launchSplitTile;
#else
template <typename Tile>
const char* notBuilt(const Tile&, int, void*) {
    return "this program was built without them";
}
constexpr auto launchSoftmaxTile = notBuilt<SoftmaxTile>;
constexpr auto launchInfoSums = notBuilt<InfoTile>;
constexpr auto launchInfoWeights = notBuilt<InfoTile>;
constexpr auto launchSplitTile = notBuilt<SplitTile>;
#endif

template <typename Tile>
void dispatch(void (*twin)(const Tile&), const char* (*launch)(const Tile&, int, void*), const Tile& tile,
              const std::string& device) {
    check(tile);
    if (tile.rows == 0) return;
    if (device == "cpu") {
        twin(tile);
    } else {
        onGpu(launch, tile, device);
    }
}

}  // namespace

bool haveTileKernels(const std::string& device) {
#ifdef MOLSPACE_KERNELS
    return device == "cpu" || device.starts_with("cuda");
#else
    return device == "cpu";
#endif
}

void softmaxTile(const SoftmaxTile& tile, const std::string& device) {
    dispatch(twin::softmaxTile, launchSoftmaxTile, tile, device);
}
void infoSums(const InfoTile& tile, const std::string& device) {
    dispatch(twin::infoSums, launchInfoSums, tile, device);
}
void infoWeights(const InfoTile& tile, const std::string& device) {
    dispatch(twin::infoWeights, launchInfoWeights, tile, device);
}

bool haveSplitProducts(const std::string& device) {
    if (device == "cpu" || !haveTileKernels(device)) return device == "cpu";
#ifdef MOLSPACE_KERNELS
    constexpr int kFirstWithTf32 = 8;
    const c10::Device gpu(device);
    int major = 0;
    return gpu.has_index() && !cuda::computeCapability(gpu.index(), &major) && major >= kFirstWithTf32;
#else
    return false;
#endif
}

void splitTile(const SplitTile& tile, const std::string& device) {
    if (tile.count == 0) return;
    if (device == "cpu") {
        twin::splitTile(tile);
    } else {
        onGpu(launchSplitTile, tile, device);
    }
}

}  // namespace engine
