package org.farshore.tests.simulation.bugs;

import org.farshore.agent.rig.AgentRig;

/** The agent alone, between models of its machine and of its receiver: overflows, kills, lost connections. */
public final class AgentHunt implements Hunt {
    private static final int RING_LENGTH = 200_000;
    private static final int STEPS = 2_000;

    @Override
    public String apply(final long seed) {
        try {
            play(new AgentRig(seed, RING_LENGTH, 400 << 10, 100 << 10));
            return null;
        } catch (final RuntimeException | AssertionError e) {
            return e.toString();
        }
    }

    private static void play(final AgentRig rig) {
        rig.writeMeanwhile(6);
        if (rig.random.nextBoolean()) {
            rig.writeInPieces();
        }
        for (int step = 0; step < STEPS; step++) {
            rig.randomStep(6);
            if (rig.random.nextInt(400) == 0) {
                rig.receiver.breakLink();
            }
            if (rig.random.nextInt(400) == 0) {
                rig.killAgent();
            }
        }
        rig.settle();
        rig.assertEqual();
    }
}
