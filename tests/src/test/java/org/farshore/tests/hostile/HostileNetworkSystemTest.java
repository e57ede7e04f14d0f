package org.farshore.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.replication.WriteOrder;
import org.farshore.dataplane.runtime.CounterReader;
import org.farshore.dataplane.runtime.ReplicationCounter;
import org.farshore.dataplane.ship.MessageWriter;
import org.farshore.tests.fuzz.Inputs;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Fio;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.RoleProcessStat;
import org.junit.jupiter.api.Test;

/**
 * Strangers' bytes on all ports of living roles while a machine is being followed: datagrams that are no frames, and
 * clients that connect properly and then break the protocol. Frames that are forged so well that the network engine takes
 * them for its own are another matter and not shown here.
 */
@PrivilegedSystemTest
class HostileNetworkSystemTest {
    private static final String NAME = "HostileNetworkSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int DATAGRAMS = Integer.getInteger("farshore.test.datagrams", 100_000);
    private static final int CONNECTIONS = Integer.getInteger("farshore.test.connections", 12);
    private static final int MESSAGES_EACH = 1000;
    private static final Duration LOAD_TIME = Duration.ofSeconds(8 + CONNECTIONS);
    private static final long SEED = Long.getLong("farshore.test.seed", 20_260_103L);
    /** Seen: 20 to 35 MiB, and no more with four times as many connections: heap, and code of paths first walked now. */
    private static final long GROWTH_LIMIT = 96 << 20;

    private static final int LOG_LINES_LIMIT = 150 + 12 * CONNECTIONS;
    private static final int HELLO_STREAM = 1001;
    private static final int RESPONSE_STREAM = 1002;

    @Test
    void strangersAreCountedAndTheFollowedMachineIsNotHarmed() throws IOException {
        Features.requireEbpf(NAME);
        Features.requireCommands(NAME, "fio");
        System.out.println(NAME + " seed " + SEED);
        try (FarshoreLab lab = FarshoreLab.create("strangers").withBpfFilesystem()) {
            final LoopDevice disk = lab.memoryLoop("disk", 64 << 20);
            lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
            final long incarnation = lab.now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION);
            final String server = setting(lab, Role.PROCESS_SERVER);
            final String target = setting(lab, Role.MASTER_TARGET);
            try (Fio load =
                    Fio.start(lab, disk.path(), LOAD_TIME, "--rw=randwrite", "--bs=16k", "--rate=2m", "--size=64m")) {
                // What a first stranger costs (code, one machine's buffers) is not growth.
                beHostile(lab, target, 1);
                beHostile(lab, server, 1);
                final long[] before = memory(lab);
                noise(ports(lab));
                final long messages = beHostile(lab, server, CONNECTIONS) + beHostile(lab, target, CONNECTIONS);
                load.await(LIMIT);
                assertThat(messages)
                        .as("most connections live long enough to be sent much at once")
                        .isGreaterThan((long) CONNECTIONS * MESSAGES_EACH);
                report(lab, before, messages);
            }
            assertThat(lab.now(Role.AGENT, ReplicationCounter.SESSION_INCARNATION))
                    .as("the agent's connection was never broken")
                    .isEqualTo(incarnation);
            lab.assertEqualWhenCaughtUp("strangers on every port", LIMIT);
        }
    }

    private static void report(final FarshoreLab lab, final long[] before, final long messages) throws IOException {
        final long[] after = memory(lab);
        for (final Role role : Role.values()) {
            final int i = role.ordinal();
            final long malformed = lab.now(role, ReplicationCounter.MALFORMED);
            final long invalid = invalidPackets(lab.aeronDirectory(role));
            final long lines = logLines(lab, role);
            System.out.printf(
                    Locale.ROOT,
                    "hostile network, %s: %,d datagrams and %,d messages sent to both; invalid packets %,d, malformed"
                            + " messages %,d, Pss %.1f -> %.1f MiB, %d log lines%n",
                    role.verb(),
                    DATAGRAMS,
                    messages,
                    invalid,
                    malformed,
                    before[i] / 1048576.0,
                    after[i] / 1048576.0,
                    lines);
            assertThat(invalid).as("datagrams that are no frames are counted").isPositive();
            if (role == Role.AGENT) {
                assertThat(malformed).as("nobody can connect to the agent").isZero();
            } else {
                assertThat(malformed).as("every hostile connection is counted").isGreaterThanOrEqualTo(CONNECTIONS);
            }
            assertThat(after[i] - before[i]).as("memory of " + role.verb()).isLessThan(GROWTH_LIMIT);
            assertThat(lines)
                    .as("a line for each connection, none for each message")
                    .isLessThan(LOG_LINES_LIMIT);
        }
    }

    /** Half of the connections break the hello stream, half the data stream; returns how many messages were sent. */
    private static long beHostile(final FarshoreLab lab, final String endpoint, final int connections) {
        final byte[] replayed = new MessageWriter(1, 2)
                .begin(1, 1, 1, 0)
                .volumeState(1, WriteOrder.ORDERED, org.farshore.dataplane.codecs.replication.StateReason.CONVERGED)
                .bytes();
        final Path aeron = Path.of("/dev/shm/farshore-hostile-" + lab.instance());
        try (HostileSender sender = new HostileSender(aeron, endpoint, SEED)) {
            for (int i = 0; i < connections; i++) {
                sender.badHellos(MESSAGES_EACH);
                sender.badRecords(MESSAGES_EACH, replayed);
            }
            return sender.sent();
        }
    }

    /** Those that were configured, those behind them, and those that the kernel gave to the ends that connect. */
    private static List<InetSocketAddress> ports(final FarshoreLab lab) {
        final List<InetSocketAddress> ports = new ArrayList<>();
        for (final Role role : Role.values()) {
            final List<Integer> open =
                    RoleProcessStat.udpPorts(lab.process(role).rolePid());
            System.out.println(role.verb() + " has UDP ports " + open);
            assertThat(open).as("ports of " + role.verb()).isNotEmpty();
            open.forEach(port -> ports.add(new InetSocketAddress("127.0.0.1", port)));
        }
        return ports;
    }

    /** Random bytes, and headers whose fields are random; no faster than the sockets take them. */
    private static void noise(final List<InetSocketAddress> ports) throws IOException {
        final SplittableRandom random = new SplittableRandom(SEED);
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int i = 0; i < DATAGRAMS; i++) {
                final byte[] bytes = new byte[random.nextInt(i % 50 == 0 ? 60_000 : 200)];
                random.nextBytes(bytes);
                if (i % 2 == 0 && bytes.length >= 24) {
                    frameHeader(random, bytes);
                }
                socket.send(new DatagramPacket(bytes, bytes.length, ports.get(i % ports.size())));
                if (i % 100 == 99) {
                    LockSupport.parkNanos(2_000_000);
                }
            }
        }
    }

    /** Version and type as the engine knows them, length at times right, of no stream that it has. */
    private static void frameHeader(final SplittableRandom random, final byte[] bytes) {
        final UnsafeBuffer frame = new UnsafeBuffer(bytes);
        frame.putInt(0, random.nextBoolean() ? bytes.length : random.nextInt(), Inputs.LE);
        frame.putByte(4, (byte) random.nextInt(2));
        frame.putShort(6, (short) random.nextInt(12), Inputs.LE);
        final int stream = frame.getInt(16, Inputs.LE);
        if (stream == HELLO_STREAM || stream == RESPONSE_STREAM) {
            frame.putInt(16, ~stream, Inputs.LE);
        }
    }

    private static long invalidPackets(final Path directory) {
        final long[] count = new long[1];
        try (CounterReader reader = CounterReader.open(directory)) {
            reader.forEach((typeId, label, subject, value) ->
                    count[0] += label.toLowerCase(Locale.ROOT).contains("invalid packets") ? value : 0);
        }
        return count[0];
    }

    private static long[] memory(final FarshoreLab lab) {
        return Arrays.stream(Role.values())
                .mapToLong(role -> RoleProcessStat.pssBytes(lab.process(role).rolePid()))
                .toArray();
    }

    private static long logLines(final FarshoreLab lab, final Role role) throws IOException {
        final String log = Files.readString(lab.directory().resolve(role.verb() + ".log"), StandardCharsets.UTF_8);
        assertThat(log).as("no stack trace").doesNotContain("\tat ");
        return log.lines().count();
    }

    private static String setting(final FarshoreLab lab, final Role role) {
        try {
            return Files.readAllLines(lab.directory().resolve(role.verb() + ".properties")).stream()
                    .filter(line -> line.startsWith(role.key("listen") + "="))
                    .map(line -> line.substring(line.indexOf('=') + 1))
                    .findFirst()
                    .orElseThrow();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
