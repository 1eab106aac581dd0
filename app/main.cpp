// SPDX-FileCopyrightText: 2026 The Molecule-Space Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "app/command.h"
#include "app/terminal.h"
#include "engine/base/error.h"

namespace {

constexpr int kFine = 0, kFailed = 1, kUsage = 2, kStopped = 130;

// A signal asks the job to stop; a second one ends the process at once.
class StopOnSignals {
public:
    explicit StopOnSignals(std::stop_source stop) {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // before any other thread begins
        std::thread([signals = signals_, stop]() mutable {
            int signal = 0;
            sigwait(&signals, &signal);
            stop.request_stop();
            sigwait(&signals, &signal);
            std::_Exit(kStopped);
        }).detach();
    }

private:
    sigset_t signals_{};
};

int run(const app::Globals& globals) {
    std::stop_source stop;
    const StopOnSignals signals(stop);
    app::ProgressLine line(globals.quiet);
    const engine::JobContext job(
        stop.get_token(), [&](const engine::Progress& p) { line.show(p); },
        [&](const std::string& text) { line.log(text); });
    try {
        const engine::Outcome outcome = globals.job(job);
        const std::string text = globals.json ? outcome.json.dump(2) + "\n" : outcome.text;
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) return kFailed;
        return kFine;
    } catch (const engine::Cancelled&) {
        line.log("stopped; the same command goes on from what is finished");
        return kStopped;
    } catch (const engine::Error& error) {
        if (globals.json) {
            const engine::Json json{
                {"error", {{"where", error.where()}, {"message", error.message()}, {"hint", error.hint()}}}};
            std::printf("%s\n", json.dump(2, ' ', false, engine::Json::error_handler_t::replace).c_str());
        }
        std::fprintf(stderr, "molspace: %s\n", error.what());
        return kFailed;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "molspace: %s\n", error.what());
        return kFailed;
    }
}

}  // namespace

namespace app {

void onRun(CLI::App& verb, Globals& globals, std::function<engine::Outcome(const engine::JobContext&)> job) {
    verb.callback([&globals, job = std::move(job)] { globals.job = job; });
}

}  // namespace app

int main(int argc, char** argv) {
    CLI::App program(
        "Fuse embedding spaces by molecule-space reactions: bring embeddings in, train reactions, tune factors, "
        "export.",
        "molspace");
    app::Globals globals;
    program.require_subcommand(1);
    program.fallthrough();
    program.set_version_flag("--version",
                             "molspace " + engine::programVersion() + " (" + engine::programCommit() + ")");
    program.add_flag("--json", globals.json, "Print the result as JSON.");
    program.add_flag("-q,--quiet", globals.quiet, "Say nothing but the result.");
    program.footer(
        "Try `molspace demo`, and `molspace VERB --help`. Exit status: 0 fine, 1 failed, 2 wrong usage, 130 stopped.");
    app::addDemo(program, globals);
    app::addSynth(program, globals);
    app::addImport(program, globals);
    app::addInspect(program, globals);
    app::addPairs(program, globals);
    app::addTrain(program, globals);
    app::addEvaluate(program, globals);
    app::addSweep(program, globals);
    app::addTune(program, globals);
    app::addRouter(program, globals);
    app::addTuneEncoder(program, globals);
    app::addWhy(program, globals);
    app::addReport(program, globals);
    app::addExport(program, globals);
    app::addVerify(program, globals);
    app::addApply(program, globals);
    app::addDevices(program, globals);
    try {
        program.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return program.exit(done);
    } catch (const CLI::ParseError& error) {
        program.exit(error, std::cout, std::cerr);
        return kUsage;
    } catch (const engine::Error& error) {  // a table that could not be read while flags were made
        std::fprintf(stderr, "molspace: %s\n", error.what());
        return kFailed;
    }
    return run(globals);
}
