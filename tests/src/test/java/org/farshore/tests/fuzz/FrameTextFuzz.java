package org.farshore.tests.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.journal.JournalFrameFlyweight;
import org.farshore.dataplane.tool.FrameTextAccess;

/** The body of a journal frame as {@code farshore journal dump} shows it: one line of bounded length for anything. */
public final class FrameTextFuzz {
    private static final int TEXT_LENGTH_MAX = 33_000;

    private FrameTextFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final byte[] body = Arrays.copyOfRange(input, 1, input.length);
        final String text = FrameTextAccess.of(input[0] & 3, new UnsafeBuffer(body), 0, body.length);
        RecordMessageFuzz.require(text.length() <= TEXT_LENGTH_MAX, "a text of " + text.length() + " characters");
    }

    static List<byte[]> seeds() {
        final List<byte[]> seeds = new ArrayList<>();
        for (final byte[] message : Inputs.messages()) {
            seeds.add(Inputs.input(JournalFrameFlyweight.TYPE_STREAM, message));
            seeds.add(Inputs.input(JournalFrameFlyweight.TYPE_INCARNATION, message));
        }
        return seeds;
    }
}
