package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class PieceHasherTest {
    private static final int PIECE_LENGTH = 65_536;

    private final Random random = new Random(7);
    private final byte[] key = bytes(PieceHasher.KEY_LENGTH);

    @Test
    void shouldGiveTheTagThatTheJdkGivesForTheSamePieceAsAssociatedData() throws Exception {
        try (PieceHasher hasher = new PieceHasher()) {
            hasher.key(new UnsafeBuffer(key), 0);
            for (final int length : new int[] {512, 4096, 24_064, PIECE_LENGTH}) {
                final byte[] piece = bytes(length);
                assertThat(hash(hasher, 3, 5_000_000_000L, piece)).isEqualTo(reference(3, 5_000_000_000L, piece));
            }
        }
    }

    @Test
    void shouldChangeWithEveryBitOfThePieceItsNumberAndItsVolume() {
        try (PieceHasher hasher = new PieceHasher()) {
            hasher.key(new UnsafeBuffer(key), 0);
            final byte[] piece = bytes(PIECE_LENGTH);
            final byte[] hash = hash(hasher, 1, 2, piece);
            assertThat(hash(hasher, 1, 2, piece)).isEqualTo(hash);
            assertThat(hash(hasher, 1, 3, piece)).isNotEqualTo(hash);
            assertThat(hash(hasher, 2, 2, piece)).isNotEqualTo(hash);
            final byte[] changed = Arrays.copyOf(piece, piece.length);
            changed[40_000] ^= 1;
            assertThat(hash(hasher, 1, 2, changed)).isNotEqualTo(hash);
        }
    }

    @Test
    void shouldChangeWithTheKey() {
        try (PieceHasher hasher = new PieceHasher()) {
            final byte[] piece = bytes(PIECE_LENGTH);
            hasher.key(new UnsafeBuffer(key), 0);
            final byte[] hash = hash(hasher, 1, 2, piece);
            hasher.key(new UnsafeBuffer(bytes(PieceHasher.KEY_LENGTH)), 0);
            assertThat(hash(hasher, 1, 2, piece)).isNotEqualTo(hash);
        }
    }

    private static byte[] hash(final PieceHasher hasher, final int volume, final long number, final byte[] piece) {
        final UnsafeBuffer direct = new UnsafeBuffer(ByteBuffer.allocateDirect(piece.length));
        direct.putBytes(0, piece);
        final byte[] hash = new byte[PieceHasher.HASH_LENGTH];
        hasher.hash(volume, number, direct, 0, piece.length, new UnsafeBuffer(hash), 0);
        return hash;
    }

    private byte[] reference(final int volume, final long number, final byte[] piece) throws Exception {
        final ByteBuffer nonce = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        nonce.putInt(volume).putLong(number);
        final Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce.array()));
        cipher.updateAAD(piece);
        return cipher.doFinal();
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
