package org.farshore.dataplane.processserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.AtomicCounter;
import org.agrona.concurrent.status.CountersManager;
import org.farshore.dataplane.codecs.replication.RejectReason;
import org.farshore.dataplane.runtime.CounterFactory;
import org.farshore.dataplane.runtime.Entropy;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.ship.MemoryLinks;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;

class RelayAgentTest {
    private static final String AGENT_SIDE = "ps:1";
    private static final String TARGET_SIDE = "mt:1";
    private static final int MESSAGES_MAX = 8;

    private final MemoryLinks links = new MemoryLinks(3);
    private final Map<String, AtomicCounter> counters = new HashMap<>();
    private final CountersManager manager = new CountersManager(
            new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 18)), new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 16)));
    private long nextRandom = 9_000;
    private final RelayAgent relay = new RelayAgent(links, entropy(), counterFactory(), AGENT_SIDE, TARGET_SIDE, 2);
    private final List<String> records = new ArrayList<>();
    private FakeTarget target = newTarget();

    private FakeTarget newTarget() {
        final FakeTarget made = new FakeTarget(links, TARGET_SIDE);
        made.onRecord = message -> records.add(message.firstSequence() + "+" + message.recordCount());
        return made;
    }

    private FakeAgent newAgent(final long machine, final long capture, final long connection) {
        final FakeAgent agent = new FakeAgent(links, AGENT_SIDE, machine, capture, connection);
        assertThat(agent.sayHello()).isTrue();
        return agent;
    }

    private FakeAgent relayingAgent() {
        final FakeAgent agent = newAgent(1, 77, 42);
        step(agent, 6);
        assertThat(agent.heard).containsExactly("welcome 42 incarnation 1 next 1");
        return agent;
    }

    private void step(final FakeAgent agent, final int times) {
        for (int i = 0; i < times; i++) {
            relay.doWork();
            target.work();
            agent.poll();
        }
    }

    @Test
    void passesHelloUpUnderAConnectionOfItsOwnAndWelcomeDown() {
        relayingAgent();

        assertThat(target.heard).containsExactly("hello machine-1 capture 77");
        assertThat(target.connectionId).isEqualTo(9_000);
        assertThat(value(ReplicationCounter.RELAY_STATE)).isEqualTo(2);
    }

    @Test
    void passesRecordsUpAndAcksDown() {
        final FakeAgent agent = relayingAgent();
        for (int i = 0; i < 5; i++) {
            agent.writer.batch(Extent.write(1, i * 4096L, new byte[4096]), Extent.write(1, 0, new byte[512]));
            assertThat(agent.send()).isTrue();
        }
        agent.writer.barrier(1);
        assertThat(agent.send()).isTrue();
        step(agent, 4);

        assertThat(records).containsExactly("1+2", "3+2", "5+2", "7+2", "9+2", "11+1");
        assertThat(agent.durableSequence).isEqualTo(11);
        assertThat(value(ReplicationCounter.RELAY_SHIPPED_SEQUENCE)).isEqualTo(11);
        assertThat(value(ReplicationCounter.OPTIMISE_IN_BYTES)).isEqualTo(5 * (4096 + 512));
        assertThat(value(ReplicationCounter.OPTIMISE_ZERO_BYTES)).isEqualTo(5 * 4096);
    }

    @Test
    void leavesRecordsWithTheAgentWhileTheTargetTakesNone() {
        final FakeAgent agent = relayingAgent();
        links.messagesMax(MESSAGES_MAX);
        target.isRefusing = true;
        int sent = 0;
        for (int i = 0; i < 100; i++) {
            agent.writer.batch(Extent.write(1, 0, new byte[4096]));
            int tries = 0;
            while (!agent.send() && tries++ < 5) {
                step(agent, 1);
            }
            if (tries > 5) {
                break;
            }
            sent++;
        }
        assertThat(sent).isLessThanOrEqualTo(2 * MESSAGES_MAX);
        assertThat(value(ReplicationCounter.BACK_PRESSURE)).isPositive();

        target.isRefusing = false;
        step(agent, 10);
        assertThat(records).hasSize(sent);
    }

    @Test
    void waitsSilentlyForATargetThatIsNotThereYet() {
        target.receiver.close();
        final FakeAgent agent = newAgent(1, 77, 42);
        step(agent, 5);
        assertThat(agent.heard).isEmpty();

        target = newTarget();
        step(agent, 6);
        assertThat(agent.heard).containsExactly("welcome 42 incarnation 1 next 1");
    }

    @Test
    void endsTheAgentsConnectionWhenTheTargetIsLostAndTakesTheNextHello() {
        final FakeAgent agent = relayingAgent();
        agent.writer.barrier(1);
        agent.send();
        step(agent, 3);
        target.receiver.close();
        step(agent, 3);

        assertThat(agent.heard).contains("reject 42 " + RejectReason.UPSTREAM_LOST);
        assertThat(agent.link.isConnected()).isFalse();
        final long durable = target.durableSequence;
        target = newTarget();
        target.durableSequence = durable;
        final FakeAgent again = newAgent(1, 77, 43);
        step(again, 6);
        assertThat(again.heard).containsExactly("welcome 43 incarnation 1 next 2");
    }

    @Test
    void endsTheTargetsConnectionWhenTheAgentIsLost() {
        final FakeAgent agent = relayingAgent();
        agent.link.close();
        step(agent, 4);

        assertThat(target.heard).endsWith("lost");
        assertThat(value(ReplicationCounter.RELAY_STATE)).isZero();
    }

    @Test
    void letsANewConnectionOfTheSameCaptureTakeOver() {
        final FakeAgent old = relayingAgent();
        final FakeAgent fresh = newAgent(1, 77, 43);
        step(fresh, 8);
        old.poll();

        assertThat(old.heard).endsWith("reject 42 " + RejectReason.SUPERSEDED);
        assertThat(fresh.heard).containsExactly("welcome 43 incarnation 2 next 1");
    }

    @Test
    void leavesItToTheTargetWhichOfTwoCapturesIsTheMachine() {
        final FakeAgent first = relayingAgent();
        target.isWelcoming = false;
        final FakeAgent clone = newAgent(1, 78, 43);
        step(clone, 4);
        first.poll();
        assertThat(first.heard).hasSize(1);
        assertThat(target.heard).endsWith("hello machine-1 capture 78");

        target.reject(RejectReason.DUPLICATE_MACHINE);
        step(clone, 4);
        assertThat(clone.heard).containsExactly("reject 43 " + RejectReason.DUPLICATE_MACHINE);
        assertThat(clone.link.isConnected()).isFalse();
        assertThat(first.link.isConnected()).isTrue();
    }

    @Test
    void refusesARecordThatIsNotTheNext() {
        final FakeAgent agent = relayingAgent();
        agent.writer.barrier(1);
        agent.writer.barrier(1);
        agent.send();
        step(agent, 4);

        assertThat(records).isEmpty();
        assertThat(agent.heard).endsWith("reject 42 " + RejectReason.PROTOCOL);
        assertThat(agent.link.isConnected()).isFalse();
        assertThat(target.heard).endsWith("lost");
        assertThat(value(ReplicationCounter.MALFORMED)).isEqualTo(1);
    }

    @Test
    void passesARejectDownAndEndsBoth() {
        final FakeAgent agent = relayingAgent();
        target.reject(RejectReason.STORAGE);
        step(agent, 4);

        assertThat(agent.heard).endsWith("reject 42 " + RejectReason.STORAGE);
        assertThat(agent.link.isConnected()).isFalse();
        assertThat(target.heard).endsWith("lost");
    }

    @Test
    void passesEachRepetitionOfHelloAndKeepsTheDataStreamWhenWelcomeIsRepeated() {
        final FakeAgent agent = relayingAgent();
        agent.sayHello();
        step(agent, 4);
        agent.writer.barrier(1);
        agent.send();
        step(agent, 4);

        assertThat(target.heard).hasSize(2);
        assertThat(agent.heard).hasSize(2).allMatch(line -> line.equals("welcome 42 incarnation 1 next 1"));
        assertThat(records).containsExactly("1+1");
    }

    @Test
    void passesGoodbyeUp() {
        final FakeAgent agent = relayingAgent();
        agent.sayGoodbye();
        step(agent, 2);
        agent.link.close();
        step(agent, 3);

        assertThat(target.heard).endsWith("goodbye", "lost");
    }

    @Test
    void refusesMoreMachinesThanItsBound() {
        final FakeAgent first = relayingAgent();
        newAgent(2, 1, 50);
        step(first, 4);
        final FakeAgent third = newAgent(3, 1, 51);
        step(third, 4);

        assertThat(third.heard).isEmpty();
        assertThat(third.link.isConnected()).isFalse();
        assertThat(first.link.isConnected()).isTrue();
    }

    @Test
    void closesAPeerThatSaysNonsense() {
        final FakeAgent agent = new FakeAgent(links, AGENT_SIDE, 1, 1, 1);
        assertThat(agent.link.isConnected()).isTrue();
        agent.link.claimHello(3);
        agent.link.claim().commit();
        step(agent, 3);

        assertThat(agent.link.isConnected()).isFalse();
        assertThat(counters.get(ReplicationCounter.MALFORMED.label() + " ").get())
                .isEqualTo(1);
    }

    @Test
    void tellsEveryAgentWhenItEnds() {
        final FakeAgent agent = relayingAgent();
        relay.onClose();
        agent.poll();

        assertThat(agent.heard).endsWith("reject 42 " + RejectReason.UPSTREAM_LOST);
    }

    private long value(final ReplicationCounter counter) {
        return counters.get(counter.label() + " machine-1").get();
    }

    private CounterFactory counterFactory() {
        return (descriptor, subject) -> {
            final AtomicCounter counter = manager.newCounter(descriptor.label(), descriptor.typeId());
            counters.put(descriptor.label() + " " + subject, counter);
            return counter;
        };
    }

    private Entropy entropy() {
        return new Entropy() {
            @Override
            public long nextLong() {
                return nextRandom++;
            }

            @Override
            public void nextBytes(final byte[] bytes) {
                throw new UnsupportedOperationException();
            }
        };
    }
}
