package org.farshore.agent.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.BufferUtil;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.SystemEntropy;

/** Real devices on this machine, a real capture of them, and a copy that must end up equal. Everything goes at close. */
final class CaptureRig implements AutoCloseable {
    private static final long CONVERGE_NS = 120_000_000_000L;

    private final Path folder;
    private final Path bpf;
    private final List<Runnable> cleanup = new ArrayList<>();
    private final List<VolumeDevice> devices = new ArrayList<>();
    private final List<BlockFile> copies = new ArrayList<>();
    private final BlockFiles files = new ChannelBlockFiles();
    private final int ringLength;
    private final long maxBytes;

    private final boolean[] removed = new boolean[CaptureState.VOLUMES_MAX];

    private BpfCaptureSource source;
    private ShadowReplica shadow;

    CaptureRig(final int ringLength, final long maxBytes) throws IOException {
        this.ringLength = ringLength;
        this.maxBytes = maxBytes;
        folder = Files.createTempDirectory(Path.of("/dev/shm"), "farshore-capture");
        cleanup.add(() -> Shell.run("rm -rf " + folder));
        bpf = mountBpf();
    }

    private Path mountBpf() throws IOException {
        final Path mount = folder.resolve("bpf");
        Files.createDirectory(mount);
        Shell.run("mount -t bpf bpf " + mount);
        cleanup.add(() -> Shell.run("umount " + mount));
        return mount.resolve("machine");
    }

    Path folder() {
        return folder;
    }

    Path bpf() {
        return bpf;
    }

    BpfCaptureSource source() {
        return source;
    }

    ShadowReplica shadow() {
        return shadow;
    }

    void onClose(final Runnable action) {
        cleanup.add(action);
    }

    /** A loop device on a sparse file in memory. */
    String loop(final String name, final long bytes) {
        final Path file = folder.resolve(name + ".img");
        Shell.run("truncate -s " + bytes + " " + file);
        final String device = Shell.run("losetup -f --show " + file);
        cleanup.add(() -> Shell.run("losetup -d " + device));
        return device;
    }

    /** Protects a device as the next volume. */
    VolumeDevice protect(final String path) throws IOException {
        final int number = devices.size();
        final BlockFile file = files.open(Path.of(path), BlockFiles.Mode.READ_DIRECT);
        cleanup.add(file::close);
        final BlockFile copy = files.open(folder.resolve("copy" + number), BlockFiles.Mode.WRITE);
        cleanup.add(copy::close);
        copy.setLength(file.length());
        final VolumeDevice device = new VolumeDevice(number, "v" + number, 7, number, path, file.length(), file);
        devices.add(device);
        copies.add(copy);
        return device;
    }

    /** Opens the capture of everything that is protected, and brings the copies up to date. */
    void start() throws IOException {
        open();
        converge();
        shadow.resetCounts();
    }

    void open() throws IOException {
        source = new BpfCaptureSource(bpf, ringLength, devices, new SystemEntropy());
        source.open();
        shadow = new ShadowReplica(source);
        for (int i = 0; i < devices.size(); i++) {
            shadow.follow(devices.get(i), copies.get(i), maxBytes);
        }
        shadow.begin();
    }

    /** As a killed agent: nothing but its mappings goes. */
    void abandon() {
        source.close();
        source = null;
    }

    /** Steps while the process runs. */
    void follow(final Process process, final String script) throws IOException {
        while (process.isAlive()) {
            if (shadow.step() == 0) {
                LockSupport.parkNanos(100_000);
            }
        }
        Shell.await(process, script);
    }

    /** Steps for a while, or as long as the process runs. */
    void followFor(final Process process, final long milliseconds) throws IOException {
        final long deadline = System.nanoTime() + milliseconds * 1_000_000;
        while (process.isAlive() && System.nanoTime() < deadline) {
            if (shadow.step() == 0) {
                LockSupport.parkNanos(100_000);
            }
        }
    }

    /** Another disk takes the device number of the first volume, with the same content. */
    void replaceDisk(final String name) throws IOException {
        final VolumeDevice old = devices.get(0);
        old.file().close();
        Shell.run("losetup -d " + old.path());
        Shell.run("losetup " + old.path() + " " + folder.resolve(name + ".img"));
        final BlockFile file = files.open(Path.of(old.path()), BlockFiles.Mode.READ_DIRECT);
        cleanup.add(file::close);
        devices.set(0, new VolumeDevice(0, old.name(), old.uuidHigh(), old.uuidLow(), old.path(), file.length(), file));
    }

    void add(final String path) throws IOException {
        final VolumeDevice device = protect(path);
        assertThat(source.addVolume(device)).isTrue();
        shadow.follow(device, copies.get(device.number()), maxBytes);
    }

    void remove(final int number) {
        source.removeVolume(number);
        shadow.forget(number);
        removed[number] = true;
    }

    void grow(final int number) throws IOException {
        final long size = devices.get(number).file().length();
        copies.get(number).setLength(size);
        assertThat(source.grow(number, size)).isTrue();
    }

    void during(final String script) throws IOException {
        follow(Shell.start(script), script);
    }

    /** Steps until nothing is left to do. */
    void converge() throws IOException {
        convergeOrdered(-1);
    }

    private void convergeOrdered(final int number) throws IOException {
        final long deadline = System.nanoTime() + CONVERGE_NS;
        final long target = source.producerPosition();
        do {
            shadow.step();
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not converged: " + shadow + counters());
            }
        } while (shadow.position() < target || !shadow.isConverged(number));
    }

    /** Compares all devices and copies. */
    void assertEqual() throws IOException {
        for (int i = 0; i < devices.size(); i++) {
            if (!removed[i]) {
                assertEqual(i);
            }
        }
        assertThat(shadow.openBios()).as("writes without their last piece").isZero();
    }

    /** Compares a device, which must be at rest, and its copy, past the page cache. */
    void assertEqual(final int number) throws IOException {
        convergeOrdered(number);
        final ByteBuffer left = BufferUtil.allocateDirectAligned(1 << 20, 4096);
        final ByteBuffer right = BufferUtil.allocateDirectAligned(1 << 20, 4096);
        final VolumeDevice device = devices.get(number);
        final long size = device.file().length();
        for (long at = 0; at < size; at += 1 << 20) {
            final int length = (int) Math.min(1 << 20, size - at);
            device.file().read(left.clear().limit(length), at);
            copies.get(number).read(right.clear().limit(length), at);
            final int differs = left.flip().mismatch(right.flip());
            assertThat(differs)
                    .as(device.path() + " differs at " + (at + differs) + "; " + shadow + counters())
                    .isEqualTo(-1);
        }
    }

    String counters() {
        final CaptureState state = source.maps().state();
        return " | bios=" + state.counter(CaptureState.SUBMITTED_BIOS) + " bytes="
                + state.counter(CaptureState.SUBMITTED_BYTES) + " completions="
                + state.counter(CaptureState.COMPLETIONS)
                + " completedBytes=" + state.counter(CaptureState.COMPLETED_BYTES) + " zeroed="
                + state.counter(CaptureState.ZEROED_RANGES) + " failed="
                + state.counter(CaptureState.FAILED_COMPLETIONS)
                + " skippedZeroing=" + state.counter(CaptureState.SKIPPED_ZEROING) + " splits="
                + state.counter(CaptureState.SPLIT_COMPLETIONS) + " dropped=" + source.droppedCount() + " faults="
                + state.getLong(CaptureState.PAYLOAD_FAULTS_OFFSET) + " odd="
                + state.getLong(CaptureState.ODD_OPERATIONS_OFFSET) + " crossing="
                + state.getLong(CaptureState.CROSSING_OFFSET) + " untracked="
                + state.getLong(CaptureState.UNTRACKED_OFFSET) + " unknown="
                + state.getLong(CaptureState.UNKNOWN_COMPLETIONS_OFFSET) + " passthrough="
                + state.getLong(CaptureState.PASSTHROUGH_OFFSET) + " misses=" + source.missedRunCount() + " orphans="
                + source.maps().ring().orphanCount();
    }

    @Override
    public void close() {
        if (source != null) {
            source.detach();
        }
        for (int i = cleanup.size() - 1; i >= 0; i--) {
            cleanup.get(i).run();
        }
    }
}
