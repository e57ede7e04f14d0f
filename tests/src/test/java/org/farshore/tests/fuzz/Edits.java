package org.farshore.tests.fuzz;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Damage to an image of several files, read from an input of eight bytes for each edit: which file, what, where (three
 * bytes), with what (three bytes). So a short input reaches any byte of a long image.
 *
 * <p>With the first byte of the input even, only damage is done that a disk can do. Odd inputs may also give damaged
 * frames, headers and records their checksum again, as somebody with malice would.
 */
final class Edits {
    private static final int EDIT_LENGTH = 8;
    private static final int EDITS_MAX = 16;
    private static final int BLOCK = 4096;
    private static final int FRAME_ALIGNMENT = 32;
    private static final int CHECKSUM_OFFSET = 8;
    private static final int STATE_COPY_LENGTH = 16 << 10;

    private int made;

    static boolean isMalicious(final byte[] input) {
        return (input[0] & 1) != 0;
    }

    /** True when the first edit changes one byte and nothing else. */
    static boolean isFlip(final byte[] input) {
        return input.length > 2 && (input[2] & 0xFF) % 6 <= 1;
    }

    /** Does to {@code image} what {@code input} says; returns how many edits that changed something. */
    static int apply(final byte[] input, final Map<Path, byte[]> image) {
        final Edits edits = new Edits();
        final List<Path> paths = new ArrayList<>(image.keySet());
        for (int at = 1; at + EDIT_LENGTH <= input.length && edits.made < EDITS_MAX; at += EDIT_LENGTH) {
            final Path path = paths.get((input[at] & 0xFF) % paths.size());
            final byte[] bytes = image.get(path);
            if (bytes.length > 0) {
                final int where = number(input, at + 2) % bytes.length;
                image.put(
                        path,
                        edits.edit(bytes, input[at + 1] & 0xFF, where, number(input, at + 5), isMalicious(input)));
            }
        }
        return edits.made;
    }

    private static int number(final byte[] input, final int at) {
        return (input[at] & 0xFF) | ((input[at + 1] & 0xFF) << 8) | ((input[at + 2] & 0xFF) << 16);
    }

    private byte[] edit(
            final byte[] bytes, final int what, final int where, final int value, final boolean isMalicious) {
        final byte[] before = bytes.clone();
        byte[] after = bytes;
        switch (what % (isMalicious ? 10 : 6)) {
            case 0 -> after[where] ^= (byte) (value | 1);
            case 1 -> after[where] ^= (byte) (1 << (value & 7));
            case 2 -> after = Arrays.copyOf(bytes, where);
            case 3 -> Arrays.fill(after, where & -512, Math.min(bytes.length, (where & -512) + 512), (byte) 0);
            case 4 -> copyBlock(after, value % bytes.length, where);
            case 5 -> copyBlock(after, where, value % bytes.length);
            case 6 -> put(after, where, value);
            case 7 -> sealFrame(after, where & -FRAME_ALIGNMENT);
            case 8 -> seal(after, 0, Math.min(after.length, 8 + 48), after.length);
            default -> seal(after, where & -STATE_COPY_LENGTH, STATE_COPY_LENGTH, after.length);
        }
        made += Arrays.equals(before, after) ? 0 : 1;
        return after;
    }

    /** A misdirected write: one block stands where another should. */
    private static void copyBlock(final byte[] bytes, final int from, final int to) {
        final int source = from & -BLOCK;
        final int target = to & -BLOCK;
        final int length = Math.min(BLOCK, bytes.length - Math.max(source, target));
        System.arraycopy(bytes, source, bytes, target, Math.max(0, length));
    }

    private static void put(final byte[] bytes, final int where, final int value) {
        for (int i = 0; i < 4 && where + i < bytes.length; i++) {
            bytes[where + i] = (byte) (i < 3 ? value >> (8 * i) : value >> 23);
        }
    }

    private static void sealFrame(final byte[] bytes, final int at) {
        if (at + 128 <= bytes.length) {
            final int length = new UnsafeBuffer(bytes).getInt(at, Inputs.LE);
            if (length >= 128 && length <= 70_000) {
                seal(bytes, at, (length + FRAME_ALIGNMENT - 1) & -FRAME_ALIGNMENT, bytes.length);
            }
        }
    }

    private static void seal(final byte[] bytes, final int at, final int length, final int limit) {
        if (at + length <= limit && length > CHECKSUM_OFFSET + 4) {
            Inputs.seal(bytes, at, length);
        }
    }

    /** An input that makes one edit. */
    static byte[] one(final boolean malicious, final int file, final int what, final int where, final int value) {
        return new byte[] {
            (byte) (malicious ? 1 : 0),
            (byte) file,
            (byte) what,
            (byte) where,
            (byte) (where >> 8),
            (byte) (where >> 16),
            (byte) value,
            (byte) (value >> 8),
            (byte) (value >> 16)
        };
    }

    /** Inputs that together touch every kind of place of an image of so many files. */
    static List<byte[]> seeds(final int files) {
        final List<byte[]> seeds = new ArrayList<>();
        for (int file = 0; file < files; file++) {
            for (int what = 0; what < 10; what++) {
                for (final int where : new int[] {0, 100, 4096 + 40, 4096 + 200, 20_000}) {
                    seeds.add(one(what >= 6, file, what, where, 4096 + what));
                }
            }
        }
        return seeds;
    }
}
