package org.farshore.control.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.HumanText;
import org.farshore.dataplane.runtime.ReplicationCounter;

/**
 * The demo from the first disk to the receipt, step by step. Stops by an exception, whose message says what it waited
 * for; cleaning up is the caller's. One thread; an interruption ends it at the next step.
 */
final class DemoRun {
    private static final String SERVER = "process server";
    private static final long TICK_MS = 500;
    private static final long OUTAGE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long RECONNECT_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long CATCH_UP_LIMIT_NS = TimeUnit.SECONDS.toNanos(90);
    /** Slower than this nobody copies; it only bounds the wait. */
    private static final long COPY_RATE_LEAST = 5_000_000;
    /** Of all disks together: what the ring holds for the longest outage in the demo, with room to spare. */
    private static final double WORKLOAD_RATE = 6_000_000;

    private final DemoOptions options;
    private final DemoScreen screen;
    private final DemoOperator operator;
    private final List<DemoWorkload> workloads = new ArrayList<>();
    private DemoSite site;
    private DemoRoles roles;
    private DemoWatch watch;
    private DemoNumbers numbers;
    private int kills;

    DemoRun(final DemoOptions options, final DemoSite site, final DemoScreen screen) {
        this.options = options;
        this.site = site;
        this.screen = screen;
        this.roles = new DemoRoles(site.launcher(), site.directory(), site.instance());
        this.operator = new DemoOperator(site.launcher(), roles.config(DemoRoles.Role.MASTER_TARGET));
    }

    String capture() {
        return site.capture();
    }

    int kills() {
        return kills;
    }

    /** The last lines of what the roles printed. */
    List<String> lastLines() {
        return roles.lastLines();
    }

    /** Runs it all. */
    DemoReceipt run() throws IOException, InterruptedException {
        makeDisks();
        startRoles();
        watch = new DemoWatch(roles);
        workloads.forEach(DemoWorkload::start);
        live();
        for (final DemoWorkload workload : workloads) {
            workload.stop();
        }
        screen.step("workload stopped");
        workloads.forEach(workload -> screen.detail(workload.disk().name() + ": " + workload));
        catchUp("catching up", false);
        for (final DemoWorkload workload : workloads) {
            workload.disk().unmount();
        }
        catchUp("unmounted, catching up", false);
        operator.must("retention", "set", "--window", "1ms");
        catchUp("the window is closed, so that the replica comes up to the present", true);
        numbers = watch.look();
        screen.step("caught up: everything written is durable and applied at the master target");
        final List<DemoProof> proofs = prove();
        final DemoTimeTravel.Outcome travel = travel();
        stopRoles();
        return new DemoReceipt(site.capture(), proofs, travel, numbers, notShown(), screen.seconds(), kills);
    }

    /** Goes back in time, when that can be done here. */
    private DemoTimeTravel.Outcome travel() throws IOException, InterruptedException {
        if (!DemoTimeTravel.obstacle(site).isEmpty()) {
            return null;
        }
        operator.must("retention", "set", "--window", "10m");
        return new DemoTimeTravel(workloads.get(0), site.directory(), operator, screen)
                .run(doing -> catchUp(doing, false));
    }

    private String notShown() {
        final String obstacle = site.notShown().isEmpty() ? DemoTimeTravel.obstacle(site) : "";
        return site.notShown() + obstacle;
    }

    /** Ends the workload's threads, whatever state they are in. */
    void halt() throws InterruptedException {
        for (final DemoWorkload workload : workloads) {
            workload.halt();
        }
        roles.killAll();
    }

    private void makeDisks() throws IOException {
        final double rate = WORKLOAD_RATE / options.volumes;
        for (int i = 0; i < options.volumes; i++) {
            final String name = "disk" + i;
            final long seed = ThreadLocalRandom.current().nextLong();
            if (!site.root()) {
                workloads.add(DemoWorkload.onImage(site.directory(), name, options.size, rate, seed));
                continue;
            }
            final DemoDisk disk = options.device == null
                    ? DemoDisk.loop(site.directory(), name, options.size)
                    : DemoDisk.device(site.directory(), name, options.device, options.erase);
            workloads.add(DemoWorkload.onMount(disk, rate, seed));
        }
        for (final DemoWorkload workload : workloads) {
            final DemoDisk disk = workload.disk();
            screen.step(disk.name() + ": " + disk.device() + ", ext4, "
                    + (disk.mounted() ? "mounted on " + disk.mountPoint() : "an image file: not root, so not mounted"));
        }
    }

    private void startRoles() throws IOException, InterruptedException {
        final List<DemoDisk> disks = workloads.stream().map(DemoWorkload::disk).toList();
        roles.configure(site.capture(), disks);
        for (final DemoRoles.Role role : DemoRoles.Role.values()) {
            roles.launch(role);
        }
        try {
            awaitAllUp();
        } catch (final DemoRoles.RoleEndedException e) {
            final boolean mayScan = options.capture == DemoOptions.Capture.AUTO && "ebpf".equals(site.capture());
            if (!mayScan || e.role() != DemoRoles.Role.AGENT || e.exitCode() != ExitCode.PRIVILEGE.code()) {
                throw e;
            }
            site = site.withScan("the agent found a kernel feature missing");
            roles.configureCapture("scan");
            roles.launch(DemoRoles.Role.AGENT);
            awaitAllUp();
        }
        screen.step("three processes: master target " + roles.pid(DemoRoles.Role.MASTER_TARGET) + ", " + SERVER + " "
                + roles.pid(DemoRoles.Role.PROCESS_SERVER) + ", agent " + roles.pid(DemoRoles.Role.AGENT) + " (capture "
                + site.capture() + (site.why().isEmpty() ? "" : ", because of " + site.why()) + ")");
        if (!site.notShown().isEmpty()) {
            screen.step("not shown in this run: " + site.notShown());
        }
    }

    private void awaitAllUp() throws InterruptedException {
        for (final DemoRoles.Role role : DemoRoles.Role.values()) {
            roles.awaitUp(role);
        }
    }

    /** The workload runs, the initial copy beside it, and in the middle the process server dies. */
    private void live() throws IOException, InterruptedException {
        final long beginNs = System.nanoTime();
        final long endNs = beginNs + TimeUnit.SECONDS.toNanos(options.seconds);
        final long killNs = beginNs + TimeUnit.SECONDS.toNanos(options.seconds) / 2;
        while (System.nanoTime() < endNs) {
            tick(doing());
            if (kills == 0 && !options.noKill && System.nanoTime() > killNs) {
                killServer();
            }
        }
    }

    private String doing() {
        if (numbers == null || !numbers.streaming()) {
            return "connecting; the workload runs";
        }
        if (scans()) {
            return numbers.ordered() ? "at rest: the last pass found nothing new" : "passes go on beside the workload";
        }
        return numbers.ordered()
                ? "protected, every write follows in order; the workload runs"
                : "initial copy beside the running workload";
    }

    private boolean scans() {
        return "scan".equals(site.capture());
    }

    private void killServer() throws IOException, InterruptedException {
        numbers = watch.look();
        final DemoNumbers before = numbers;
        final long pid = roles.pid(DemoRoles.Role.PROCESS_SERVER);
        roles.kill(DemoRoles.Role.PROCESS_SERVER);
        kills++;
        screen.step(SERVER + " " + pid + " killed with SIGKILL; "
                + (scans() ? "what it had not passed on is found again" : "the ring keeps what is not durable"));
        final long killedNs = System.nanoTime();
        while (System.nanoTime() - killedNs < OUTAGE_NS) {
            tick(SERVER + " dead; the workload runs on");
        }
        roles.launch(DemoRoles.Role.PROCESS_SERVER);
        roles.awaitUp(DemoRoles.Role.PROCESS_SERVER);
        long held = 0;
        while (!reconnected(before)) {
            if (System.nanoTime() - killedNs > RECONNECT_LIMIT_NS) {
                throw new CommandException("the stream did not go on within "
                        + TimeUnit.NANOSECONDS.toSeconds(RECONNECT_LIMIT_NS) + " s of the kill");
            }
            tick("new " + SERVER + ", the stream is taken up again");
            held = Math.max(held, numbers.held());
        }
        screen.step("stream goes on after " + HumanText.durationMs((System.nanoTime() - killedNs) / 1_000_000) + ": "
                + (scans() ? "blocks that were under way are sent again" : whatTheKillCost(before, held)));
    }

    private String whatTheKillCost(final DemoNumbers before, final long held) {
        final long gaps = numbers.agent(ReplicationCounter.CAPTURE_GAP_EPOCH)
                - before.agent(ReplicationCounter.CAPTURE_GAP_EPOCH);
        final long dropped =
                numbers.agent(ReplicationCounter.CAPTURE_DROPPED) - before.agent(ReplicationCounter.CAPTURE_DROPPED);
        return "the ring kept " + HumanText.bytes(held) + ", " + dropped + " records dropped, "
                + (gaps == 0 ? "order kept" : "order lost " + gaps + " times, blocks are read again");
    }

    private boolean reconnected(final DemoNumbers before) {
        return numbers.streaming()
                && numbers.agent().max(ReplicationCounter.SESSION_INCARNATION)
                        > before.agent().max(ReplicationCounter.SESSION_INCARNATION);
    }

    private void catchUp(final String doing, final boolean untilApplied) throws InterruptedException {
        numbers = watch.look();
        final CatchUp catchUp = new CatchUp(numbers, untilApplied);
        final long beginNs = System.nanoTime();
        final long copyNs = (long) (numbers.agent(ReplicationCounter.VOLUME_SIZE) * 1e9 / COPY_RATE_LEAST);
        while (!catchUp.done(numbers)) {
            if (System.nanoTime() - beginNs > CATCH_UP_LIMIT_NS + copyNs) {
                throw new CommandException(doing + " took longer than "
                        + TimeUnit.NANOSECONDS.toSeconds(CATCH_UP_LIMIT_NS + copyNs) + " s; it waits for "
                        + catchUp.waitsFor(numbers));
            }
            tick(doing + ": waits for " + catchUp.waitsFor(numbers));
        }
    }

    /** Looks, shows, and ends the run when something that should live has ended. */
    private void tick(final String doing) throws InterruptedException {
        Thread.sleep(TICK_MS);
        roles.checkAlive(DemoRoles.Role.AGENT);
        roles.checkAlive(DemoRoles.Role.MASTER_TARGET);
        for (final DemoWorkload workload : workloads) {
            workload.checkAlive();
        }
        numbers = watch.look();
        screen.show(doing, numbers, workloads, kills);
    }

    private void stopRoles() {
        screen.clear();
        for (int i = DemoRoles.Role.values().length - 1; i >= 0; i--) {
            final String complaint = roles.stop(DemoRoles.Role.values()[i]);
            if (!complaint.isEmpty()) {
                throw new CommandException(complaint);
            }
        }
    }

    private List<DemoProof> prove() throws IOException {
        screen.clear();
        screen.step("comparing device and replica, read past the page cache");
        final Path scratch = Files.createDirectories(site.directory().resolve("disks"));
        final List<DemoProof> proofs = new ArrayList<>();
        for (final DemoWorkload workload : workloads) {
            proofs.add(DemoProof.of(
                    workload.disk(), workload.transfers(), roles.dataDirectory(DemoRoles.Role.MASTER_TARGET), scratch));
        }
        return proofs;
    }
}
