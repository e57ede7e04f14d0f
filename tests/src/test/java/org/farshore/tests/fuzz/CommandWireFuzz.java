package org.farshore.tests.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.command.CommandWireAccess;

/**
 * Frames on the unix socket of a role: commands as the role reads them, answers as the command line does. A command that is
 * read can be written and read again. The first byte of an input says which of the two it is, and whether the length field is
 * set right; the rest is the frame.
 */
public final class CommandWireFuzz {
    private static final int ANSWER = 1;
    private static final int LENGTH_RIGHT = 2;

    private CommandWireFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final byte[] frame = Arrays.copyOfRange(input, 1, input.length);
        if ((input[0] & LENGTH_RIGHT) != 0 && frame.length >= Integer.BYTES) {
            new UnsafeBuffer(frame).putInt(0, frame.length - Integer.BYTES, Inputs.LE);
        }
        if ((input[0] & ANSWER) != 0) {
            CommandWireAccess.readAnswer(frame);
            return;
        }
        final CommandRequest request = CommandWireAccess.readCommand(frame);
        RecordMessageFuzz.require(
                request == null
                        || CommandWireAccess.readCommand(CommandWireAccess.command(request))
                                .equals(request),
                "another command is read again than " + request);
    }

    static List<byte[]> seeds() {
        final byte[] command = CommandWireAccess.command(
                new CommandRequest("view-open", Map.of("machine", "4819", "point", "latest", "volumes", "data,log")));
        final List<byte[]> seeds = new ArrayList<>();
        seeds.add(Inputs.input(0, command));
        seeds.add(Inputs.input(LENGTH_RIGHT, command));
        for (final byte[] answer : CommandWireAccess.answers()) {
            seeds.add(Inputs.input(ANSWER, answer));
            seeds.add(Inputs.input(ANSWER + LENGTH_RIGHT, answer));
        }
        return seeds;
    }
}
