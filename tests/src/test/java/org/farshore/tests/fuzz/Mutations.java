package org.farshore.tests.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Seeded changes of good inputs: flipped bits, boundary numbers, cuts, repetitions, pieces of another input. */
final class Mutations {
    private static final long[] BOUNDARIES = {
        0,
        1,
        -1,
        2,
        7,
        8,
        127,
        128,
        255,
        256,
        511,
        512,
        4095,
        4096,
        32_767,
        32_768,
        65_472,
        65_473,
        65_535,
        65_536,
        1L << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 32,
        1L << 44,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };
    private static final int CHANGES_MAX = 6;
    private static final int LENGTH_MAX = 70_000;

    private final SplittableRandom random;
    private final List<byte[]> seeds;

    Mutations(final long seed, final List<byte[]> seeds) {
        this.random = new SplittableRandom(seed);
        this.seeds = seeds;
    }

    byte[] next() {
        if (random.nextInt(32) == 0) {
            final byte[] noise = new byte[random.nextInt(600)];
            random.nextBytes(noise);
            return noise;
        }
        byte[] bytes = any().clone();
        for (int i = random.nextInt(CHANGES_MAX); i >= 0 && bytes.length > 0; i--) {
            bytes = change(bytes);
        }
        return bytes;
    }

    private byte[] any() {
        return seeds.get(random.nextInt(seeds.size()));
    }

    private byte[] change(final byte[] bytes) {
        final int at = place(bytes.length);
        switch (random.nextInt(8)) {
            case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at] = (byte) random.nextInt();
            case 3, 4 -> {
                final long number = BOUNDARIES[random.nextInt(BOUNDARIES.length)] + random.nextInt(3) - 1;
                final int width = 1 << random.nextInt(4);
                for (int i = 0; i < width && at + i < bytes.length; i++) {
                    bytes[at + i] = (byte) (number >> (8 * i));
                }
            }
            case 5 -> {
                return Arrays.copyOf(bytes, at);
            }
            case 6 -> {
                return repeat(bytes, at);
            }
            default -> {
                final byte[] other = any();
                final int from = other.length == 0 ? 0 : random.nextInt(other.length);
                System.arraycopy(
                        other, from, bytes, at, random.nextInt(Math.min(other.length - from, bytes.length - at) + 1));
            }
        }
        return bytes;
    }

    /** Headers are at the front: half of all changes are made there. */
    private int place(final int length) {
        return random.nextInt(random.nextBoolean() ? length : Math.min(length, 160));
    }

    private byte[] repeat(final byte[] bytes, final int at) {
        final int count = random.nextInt(Math.min(bytes.length - at, 256)) + 1;
        if (bytes.length + count > LENGTH_MAX) {
            return bytes;
        }
        final byte[] longer = new byte[bytes.length + count];
        System.arraycopy(bytes, 0, longer, 0, at + count);
        System.arraycopy(bytes, at, longer, at + count, bytes.length - at);
        return longer;
    }
}
