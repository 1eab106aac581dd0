// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/device.h"
#include "engine/reaction/encoder_tuner.h"
#include "engine/reaction/route_trainer.h"
#include "engine/reaction/router_trainer.h"

namespace engine {
namespace {

class TorchReactor : public Reactor {
public:
    void train(const TrainRequest& request, const JobContext& job) override {
        setThreads(request.run.threads);
        trainRoute(request, job);
    }
    void trainRouter(const RouterRequest& request, const JobContext& job) override {
        setThreads(request.run.threads);
        trainSpaceRouter(request, job);
    }
    void tuneEncoder(const EncoderRequest& request, const JobContext& job) override {
        setThreads(request.run.threads);
        engine::tuneEncoder(request, job);
    }
    std::vector<DeviceInfo> devices() override { return listDevices(); }
};

}  // namespace
}  // namespace engine

extern "C" engine::Reactor* molspace_reactor() {
    static engine::TorchReactor reactor;
    return &reactor;
}
