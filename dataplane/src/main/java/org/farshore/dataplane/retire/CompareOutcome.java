package org.farshore.dataplane.retire;

/**
 * Which pieces of one compare message differ on the replica; from the apply thread to the receive thread.
 *
 * @param differs one bit a piece, piece n in byte n / 8, bit n % 8.
 */
public record CompareOutcome(int incarnation, int volume, long firstPiece, int pieceCount, byte[] differs) {}
