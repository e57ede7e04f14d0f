package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** Which boot and which programs a capture belongs to: only with both equal may another process take it over. */
final class CaptureIdentity {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private final UUID boot;
    private final long[] objectHash;

    /** Of a capture by these programs since this boot. */
    CaptureIdentity(final byte[] object) {
        boot = bootId();
        objectHash = sha256(object);
    }

    /** Writes a new capture's state, but for what is found out later. It does not count before it is marked as ready. */
    void describe(final CaptureState state, final Entropy entropy, final long ringLength, final long bitCount) {
        state.putLong(CaptureState.MAGIC_OFFSET, CaptureState.MAGIC);
        state.putInt(CaptureState.ABI_OFFSET, CaptureState.ABI);
        state.putLong(CaptureState.CAPTURE_ID_HIGH_OFFSET, entropy.nextLong());
        state.putLong(CaptureState.CAPTURE_ID_LOW_OFFSET, entropy.nextLong());
        state.putLong(CaptureState.BOOT_ID_HIGH_OFFSET, boot.getMostSignificantBits());
        state.putLong(CaptureState.BOOT_ID_LOW_OFFSET, boot.getLeastSignificantBits());
        for (int i = 0; i < objectHash.length; i++) {
            state.putLong(CaptureState.OBJECT_HASH_OFFSET + i * Long.BYTES, objectHash[i]);
        }
        state.putLong(CaptureState.RING_LENGTH_OFFSET, ringLength);
        state.putLong(CaptureState.BIT_COUNT_OFFSET, bitCount);
    }

    /** True when the state is finished and of the same boot and programs. */
    boolean matches(final CaptureState state) {
        boolean same = state.getInt(CaptureState.READY_OFFSET) == 1
                && state.getLong(CaptureState.MAGIC_OFFSET) == CaptureState.MAGIC
                && state.getInt(CaptureState.ABI_OFFSET) == CaptureState.ABI
                && state.getLong(CaptureState.BOOT_ID_HIGH_OFFSET) == boot.getMostSignificantBits()
                && state.getLong(CaptureState.BOOT_ID_LOW_OFFSET) == boot.getLeastSignificantBits();
        for (int i = 0; i < objectHash.length; i++) {
            same &= state.getLong(CaptureState.OBJECT_HASH_OFFSET + i * Long.BYTES) == objectHash[i];
        }
        return same;
    }

    /** Capture times and the agent's clock are subtracted from each other, so they must be one clock. */
    static void requireKernelClock() {
        final long before = System.nanoTime();
        final long kernel = LinuxCalls.monotonicNs();
        final long after = System.nanoTime();
        if (kernel < before || kernel > after) {
            throw new FarshoreException(
                    ExitCode.INVARIANT,
                    "this Java's nanoTime (" + before + ") is not the kernel's CLOCK_MONOTONIC (" + kernel + ")");
        }
    }

    private static UUID bootId() {
        try {
            return UUID.fromString(
                    Files.readString(BOOT_ID, StandardCharsets.US_ASCII).strip());
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot read the boot id: " + e.getMessage(), e);
        }
    }

    private static long[] sha256(final byte[] bytes) {
        try {
            final byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            final ByteBuffer digest = ByteBuffer.wrap(hash).order(ByteOrder.LITTLE_ENDIAN);
            return new long[] {digest.getLong(), digest.getLong(), digest.getLong(), digest.getLong()};
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
