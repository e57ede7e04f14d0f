package org.farshore.dataplane.processserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import java.util.function.IntSupplier;
import org.agrona.IoUtil;
import org.farshore.dataplane.codecs.replication.ExtentKind;
import org.farshore.dataplane.runtime.CounterReader;
import org.farshore.dataplane.runtime.RestingIdleStrategy;
import org.farshore.dataplane.runtime.RoleDriver;
import org.farshore.dataplane.runtime.RoleDriverContext;
import org.farshore.dataplane.runtime.SystemClocks;
import org.farshore.dataplane.runtime.SystemEntropy;
import org.farshore.dataplane.ship.AeronLinks;
import org.farshore.dataplane.ship.BatchPayload;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.farshore.dataplane.ship.RecordMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Agent, process server and target with a media driver each, over real datagrams on loopback. What the target holds in
 * the end must be what the agent's writes make of an empty volume.
 */
@Timeout(240)
class RelayOverAeronTest {
    private static final int VOLUME_LENGTH = 4 << 20;
    private static final int BLOCK = 4096;
    private static final long HELLO_INTERVAL_NS = 200_000_000L;

    /** One process: a driver, links, and a thread that does the work. */
    private static final class Process {
        final RoleDriver driver;
        final AeronLinks links;
        private Thread thread;
        private volatile boolean isRunning = true;
        private volatile Throwable failure;

        Process(final String role) {
            driver = RoleDriver.launch(new RoleDriverContext(role)
                    .instance("test-" + UUID.randomUUID())
                    .conclude());
            links = new AeronLinks(driver, new SystemClocks(), new SystemEntropy(), 16);
        }

        Process run(final IntSupplier work) {
            thread = new Thread(() -> {
                final RestingIdleStrategy idle = new RestingIdleStrategy();
                try {
                    while (isRunning) {
                        idle.idle(work.getAsInt());
                    }
                } catch (final Throwable t) {
                    failure = t;
                }
            });
            thread.start();
            return this;
        }

        /** As SIGKILL would end it. */
        void kill() {
            isRunning = false;
            try {
                if (thread != null) {
                    thread.join();
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            driver.closeKeepingDirectory();
            IoUtil.delete(driver.context().directory().toFile(), true);
            if (failure != null) {
                throw new AssertionError("the thread of " + driver.context().role() + " failed", failure);
            }
        }
    }

    private final String agentSide = freeEndpoint();
    private final String targetSide = freeEndpoint();
    private final byte[] replica = new byte[VOLUME_LENGTH];
    private final BatchPayload payload = new BatchPayload();
    private final Process agentProcess = new Process("agent");
    private Process relayProcess = startRelay();
    private Process targetProcess;
    private volatile FakeTarget target;
    private FakeAgent agent;
    private long nextConnection = 1;
    private long nextHelloNs;
    private long nextToSend;
    private int connections;

    RelayOverAeronTest() {
        startTarget(0);
    }

    @AfterEach
    void killAll() {
        agentProcess.kill();
        relayProcess.kill();
        targetProcess.kill();
    }

    @Test
    void carriesAHundredThousandBatchesAndLosesNothingWhenEitherHopIsKilled() {
        final long batches = 100_000;
        runUntilDurable(batches / 3, batches);
        relayProcess.kill();
        relayProcess = startRelay();
        runUntilDurable(2 * batches / 3, batches);
        final long durable = target.durableSequence;
        targetProcess.kill();
        startTarget(Math.max(durable, target.durableSequence));
        runUntilDurable(batches, batches);

        final byte[] expected = new byte[VOLUME_LENGTH];
        for (long sequence = 1; sequence <= batches; sequence++) {
            apply(sequence, expected);
        }
        assertThat(Arrays.equals(replica, expected)).as("replica equals source").isTrue();
        assertThat(connections).isGreaterThanOrEqualTo(3);
        final long in = counter("optimise.in.bytes");
        assertThat(counter("optimise.zero.bytes")).isBetween(in / 20, in / 2);
        assertThat(counter("optimise.out.bytes")).isLessThan(in);
    }

    private void runUntilDurable(final long goal, final long batches) {
        final RestingIdleStrategy idle = new RestingIdleStrategy();
        final long deadlineNs = System.nanoTime() + 90_000_000_000L;
        while (target.durableSequence < goal) {
            idle.idle(agentWork(batches));
            assertThat(System.nanoTime() - deadlineNs)
                    .as(() -> "durable " + target.durableSequence + " of " + goal + ", heard " + agent.heard)
                    .isNegative();
        }
    }

    private int agentWork(final long batches) {
        int workCount = agentProcess.links.doWork();
        if (agent == null) {
            agent = new FakeAgent(agentProcess.links, agentSide, 1, 77, nextConnection++);
            connections++;
            nextToSend = 0;
        }
        workCount += agent.poll();
        final boolean rejected = agent.heard.stream().anyMatch(line -> line.startsWith("reject"));
        if (rejected || (nextToSend > 0 && !agent.link.isConnected())) {
            agent.link.close();
            agent = null;
            return 1;
        }
        if (agent.welcomes == 0) {
            final long nowNs = System.nanoTime();
            if (nowNs - nextHelloNs > 0 && agent.sayHello()) {
                nextHelloNs = nowNs + HELLO_INTERVAL_NS;
            }
            return workCount;
        }
        nextToSend = nextToSend == 0 ? agent.writer.nextSequence() : nextToSend;
        for (int i = 0; i < 8 && nextToSend <= batches; i++) {
            if (agent.writer.nextSequence() == nextToSend) {
                write(nextToSend);
            }
            if (!agent.send()) {
                break;
            }
            nextToSend++;
            workCount++;
        }
        return workCount;
    }

    private void write(final long sequence) {
        final Random random = new Random(sequence);
        final byte[] bytes = bytes(random, sequence);
        final long offset = offset(random, bytes.length);
        if (sequence % 17 == 0) {
            agent.writer.batch(Extent.empty(1, ExtentKind.DISCARD, offset, bytes.length));
        } else {
            agent.writer.batch(Extent.write(1, offset, bytes));
        }
    }

    private static void apply(final long sequence, final byte[] volume) {
        final Random random = new Random(sequence);
        final byte[] bytes = bytes(random, sequence);
        final int offset = (int) offset(random, bytes.length);
        final byte[] content = sequence % 17 == 0 ? new byte[bytes.length] : bytes;
        System.arraycopy(content, 0, volume, offset, content.length);
    }

    /** By turns random, text and zero, from a sector to the whole of a batch. */
    private static byte[] bytes(final Random random, final long sequence) {
        final int length = sequence % 50 == 0 ? 15 * BLOCK : 512 * (1 + random.nextInt(16));
        final byte[] bytes = new byte[length];
        switch ((int) (sequence % 4)) {
            case 0 -> random.nextBytes(bytes);
            case 1, 2 -> {
                for (int i = 0; i < length; i++) {
                    bytes[i] = (byte) ("the far shore ".charAt(i % 14) + sequence % 3);
                }
            }
            default -> bytes[length - 1] = (byte) random.nextInt(2);
        }
        return bytes;
    }

    private static long offset(final Random random, final int length) {
        return 512L * random.nextInt((VOLUME_LENGTH - length) / 512 + 1);
    }

    private void onRecord(final RecordMessage message) {
        assertThat(payload.open(message)).isNull();
        int at = payload.offset();
        for (int i = 0; i < message.groupCount(); i++) {
            final int offset = (int) message.extentOffset(i);
            final int length = (int) message.extentLength(i);
            if (RecordMessage.carriesPayload(message.extentKind(i))) {
                payload.buffer().getBytes(at, replica, offset, length);
                at += length;
            } else {
                Arrays.fill(replica, offset, offset + length, (byte) 0);
            }
        }
    }

    private Process startRelay() {
        final Process process = new Process("process-server");
        final RelayAgent relay =
                new RelayAgent(process.links, new SystemEntropy(), process.driver.counters(), agentSide, targetSide, 4);
        return process.run(relay::doWork);
    }

    private void startTarget(final long durableSequence) {
        final Process process = new Process("master-target");
        final FakeTarget made = new FakeTarget(process.links, targetSide);
        made.durableSequence = durableSequence;
        made.incarnation = connections;
        made.onRecord = this::onRecord;
        target = made;
        targetProcess = process.run(() -> process.links.doWork() + made.work());
    }

    private long counter(final String wanted) {
        final long[] sum = new long[1];
        try (CounterReader reader =
                CounterReader.open(relayProcess.driver.context().directory())) {
            reader.forEach((typeId, label, subject, value) -> sum[0] += label.equals(wanted) ? value : 0);
        }
        return sum[0];
    }

    private static String freeEndpoint() {
        for (int i = 0; i < 100; i++) {
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                    DatagramSocket second =
                            new DatagramSocket(first.getLocalPort() + 1, InetAddress.getLoopbackAddress())) {
                return "127.0.0.1:" + (second.getLocalPort() - 1);
            } catch (final IOException | IllegalArgumentException e) {
                // the next one
            }
        }
        throw new IllegalStateException("no two free ports");
    }
}
