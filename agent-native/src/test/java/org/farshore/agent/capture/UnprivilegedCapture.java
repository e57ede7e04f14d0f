package org.farshore.agent.capture;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.DirectBuffer;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SystemEntropy;

/** A process of its own that captures as an ordinary user: directory, device, bytes to wait for. Prints what it saw. */
final class UnprivilegedCapture implements CaptureHandler {
    private static final long WAIT_NS = 20_000_000_000L;

    private long bytes;

    private UnprivilegedCapture() {}

    public static void main(final String[] args) throws Exception {
        try {
            capture(Path.of(args[0]), args[1], Long.parseLong(args[2]));
        } catch (final FarshoreException e) {
            System.out.println(e.getMessage());
            System.exit(e.exitCode().code());
        }
    }

    private static void capture(final Path directory, final String device, final long wanted) throws Exception {
        final var file = new ChannelBlockFiles().open(Path.of(device), BlockFiles.Mode.READ_DIRECT);
        final VolumeDevice volume = new VolumeDevice(0, "v", 1, 2, device, file.length(), file);
        final BpfCaptureSource source = new BpfCaptureSource(directory, 16 << 20, List.of(volume), new SystemEntropy());
        source.open();
        System.out.println((source.resumed() ? "resumed" : "begun") + " as " + LinuxCalls.geteuid());
        System.out.flush();
        final UnprivilegedCapture handler = new UnprivilegedCapture();
        final long deadline = System.nanoTime() + WAIT_NS;
        while (handler.bytes < wanted && System.nanoTime() < deadline) {
            source.release(source.take(handler, source.consumerPosition(), Long.MAX_VALUE, 64));
            source.gapEpoch();
            LockSupport.parkNanos(1_000_000);
        }
        System.out.println("captured " + handler.bytes);
        source.close();
    }

    @Override
    public boolean onSubmit(
            final int volume,
            final long offset,
            final int length,
            final boolean first,
            final boolean last,
            final long timeNs,
            final DirectBuffer payload,
            final int payloadOffset) {
        bytes += length;
        return true;
    }

    @Override
    public boolean onComplete(
            final int volume, final long offset, final long length, final int error, final long timeNs) {
        return true;
    }

    @Override
    public boolean onZeroed(
            final int volume, final long offset, final long length, final boolean discard, final long timeNs) {
        return true;
    }
}
