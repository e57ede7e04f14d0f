package org.farshore.tests.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.agent.rig.AgentRig;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The whole agent and a receiver that answers anything: the agent may drop the connection, or end as another agent's clone
 * when it is told so, and nothing else. The first byte of an input chooses whether the answer names the agent's connection
 * and when it comes.
 */
public final class AgentAnswersFuzz {
    private static final int CONNECTION_ID_OFFSET = 8;
    private static final int NAMES_CONNECTION = 1;
    private static final int STREAMING = 2;
    private static final int CYCLES = 20;

    private AgentAnswersFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final AgentRig rig = new AgentRig(1, 1 << 20, 256 << 10);
        rig.receiver.answersHello = (input[0] & STREAMING) != 0;
        cycles(rig);
        final byte[] answer = Arrays.copyOfRange(input, 1, input.length);
        if ((input[0] & NAMES_CONNECTION) != 0 && answer.length >= CONNECTION_ID_OFFSET + Long.BYTES) {
            new UnsafeBuffer(answer).putLong(CONNECTION_ID_OFFSET, rig.receiver.connectionId(), Inputs.LE);
        }
        rig.receiver.answer(answer);
        try {
            cycles(rig);
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.exitCode() == ExitCode.UNAVAILABLE, "the agent ends: " + e);
        }
    }

    private static void cycles(final AgentRig rig) {
        for (int i = 0; i < CYCLES; i++) {
            rig.cycle(20_000_000);
            rig.reader.doWork();
        }
    }

    static List<byte[]> seeds() {
        final List<byte[]> seeds = new ArrayList<>();
        for (final byte[] answer : ResponseFuzz.seeds()) {
            seeds.add(Inputs.input(NAMES_CONNECTION, answer));
            seeds.add(Inputs.input(NAMES_CONNECTION | STREAMING, answer));
        }
        return seeds;
    }
}
