package org.farshore.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.farshore.dataplane.runtime.ReplicationCounter;
import org.junit.jupiter.api.Test;

class CatchUpTest {
    private final DemoSamples samples = DemoSamples.inOrder();
    private final CatchUp catchUp = new CatchUp(samples.numbers(), true);

    @Test
    void shouldNotTakeABarrierThatMayHaveBeenUnderWay() {
        assertThat(catchUp.done(samples.numbers())).isFalse();

        samples.agent(ReplicationCounter.BARRIERS, "m", 11);
        assertThat(catchUp.done(samples.numbers())).isFalse();
        assertThat(catchUp.waitsFor(samples.numbers())).contains("barrier");
    }

    @Test
    void shouldWaitUntilWhatWasSentThenIsDurableAndApplied() {
        samples.agent(ReplicationCounter.BARRIERS, "m", 12).agent(ReplicationCounter.SENT_SEQUENCE, "m", 105);
        assertThat(catchUp.done(samples.numbers())).isFalse();

        samples.agent(ReplicationCounter.DURABLE_SEQUENCE, "m", 105);
        assertThat(catchUp.done(samples.numbers())).isFalse();
        assertThat(catchUp.waitsFor(samples.numbers())).contains("105");

        samples.target(ReplicationCounter.APPLIED_SEQUENCE, "m", 105).agent(ReplicationCounter.SENT_SEQUENCE, "m", 109);
        assertThat(catchUp.done(samples.numbers())).isTrue();
    }

    @Test
    void shouldBeginAgainWhenAVolumeLeavesWriteOrder() {
        samples.agent(ReplicationCounter.BARRIERS, "m", 12).agent(ReplicationCounter.SENT_SEQUENCE, "m", 105);
        assertThat(catchUp.done(samples.numbers())).isFalse();

        samples.agent(ReplicationCounter.VOLUME_STATE, "disk0", 4);
        assertThat(catchUp.done(samples.numbers())).isFalse();

        samples.agent(ReplicationCounter.VOLUME_STATE, "disk0", 5)
                .agent(ReplicationCounter.SENT_SEQUENCE, "m", 120)
                .agent(ReplicationCounter.DURABLE_SEQUENCE, "m", 110)
                .target(ReplicationCounter.APPLIED_SEQUENCE, "m", 110);
        assertThat(catchUp.done(samples.numbers())).isFalse();
        assertThat(catchUp.waitsFor(samples.numbers())).contains("120");
    }

    @Test
    void shouldNotBeDoneWhileBlocksAreToBeReadOrTheConnectionIsAway() {
        samples.agent(ReplicationCounter.BARRIERS, "m", 20).agent(ReplicationCounter.VOLUME_TODO, "disk0", 4096);
        assertThat(catchUp.done(samples.numbers())).isFalse();

        samples.agent(ReplicationCounter.VOLUME_TODO, "disk0", 0).agent(ReplicationCounter.SESSION_STATE, "m", 1);
        assertThat(catchUp.done(samples.numbers())).isFalse();
        assertThat(catchUp.waitsFor(samples.numbers())).contains("connection");
    }
}
