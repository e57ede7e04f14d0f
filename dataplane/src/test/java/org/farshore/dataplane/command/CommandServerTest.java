package org.farshore.dataplane.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.SystemClocks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CommandServerTest {
    private static final long SEED = 20_261_121;
    private static final int ROWS = 5_000;

    @TempDir
    Path directory;

    private final AtomicInteger abandoned = new AtomicInteger();
    private Path socket;
    private AgentRunner runner;

    @BeforeEach
    void listen() {
        socket = directory.resolve(CommandServer.NAME);
        final CommandBook book = new CommandBook()
                .add("echo", CommandServerTest::echo)
                .add("count", request -> counting(request.number("rows", 0)))
                .add("forever", request -> forever())
                .add("broken", request -> reply -> {
                    throw new IllegalStateException("planned");
                });
        runner = new AgentRunner(
                new YieldingIdleStrategy(),
                Throwable::printStackTrace,
                null,
                new CommandServer(socket, book, new SystemClocks()));
        AgentRunner.startOnThread(runner);
    }

    @AfterEach
    void stop() {
        runner.close();
        assertThat(socket).doesNotExist();
    }

    private static CommandTask echo(final CommandRequest request) {
        return reply -> {
            reply.progressBytes("echoing", 1, 2);
            reply.row(
                    Cell.text("said", request.require("word")),
                    Cell.bytes("size", 4096),
                    Cell.truth("true", true),
                    Cell.wallTime("at", 1_795_236_197_123_000_000L));
            reply.done(ExitCode.NO, "as asked");
            return 1;
        };
    }

    private static CommandTask counting(final long rows) {
        final long[] next = {0};
        return reply -> {
            if (next[0] == rows) {
                reply.done(ExitCode.OK, "");
            } else if (reply.row(Cell.count("row", next[0]), Cell.text("filler", "x".repeat(500)))) {
                next[0]++;
            }
            return 1;
        };
    }

    private CommandTask forever() {
        return new CommandTask() {
            @Override
            public int step(final CommandReply reply) {
                reply.progressCount("for ever", 1, 0);
                return 0;
            }

            @Override
            public void abandon() {
                abandoned.incrementAndGet();
            }
        };
    }

    @Test
    void rowsProgressAndEndArriveAsTheyWereGiven() {
        final Heard heard = new Heard();
        final CommandClient.Outcome outcome = call("echo", Map.of("word", "zażółć"), heard);
        assertThat(outcome).isEqualTo(new CommandClient.Outcome(ExitCode.NO.code(), "as asked"));
        assertThat(heard.progress).containsExactly("echoing 1/2 true");
        assertThat(heard.rows.get(0).stream().map(Cell::forPrograms))
                .containsExactly("zażółć", 4096L, true, "2026-11-21T04:43:17.123Z");
    }

    @Test
    void thousandsOfRowsPassAClientThatReadsSlowly() {
        final Heard heard = new Heard();
        assertThat(call("count", Map.of("rows", "" + ROWS), heard).exitCode()).isZero();
        assertThat(heard.rows).hasSize(ROWS);
        assertThat(heard.rows.get(ROWS - 1).get(0).number()).isEqualTo(ROWS - 1);
    }

    @Test
    void mistakesAreAnsweredWithTheirExitCodeAndTheConnectionGoesOn() {
        try (CommandClient client = CommandClient.connect(socket)) {
            assertThat(client.call(new CommandRequest("nonsense", Map.of()), new Heard()))
                    .isEqualTo(new CommandClient.Outcome(
                            ExitCode.USAGE.code(),
                            "this role knows no command nonsense, only broken, count, echo, forever"));
            assertThat(client.call(new CommandRequest("echo", Map.of()), new Heard())
                            .message())
                    .isEqualTo("echo wants word");
            assertThat(client.call(new CommandRequest("count", Map.of("rows", "many")), new Heard())
                            .message())
                    .isEqualTo("count: rows wants a number, not many");
            assertThat(client.call(new CommandRequest("broken", Map.of()), new Heard())
                            .exitCode())
                    .isEqualTo(ExitCode.INVARIANT.code());
            assertThat(client.call(new CommandRequest("count", Map.of()), new Heard())
                            .exitCode())
                    .isZero();
        }
    }

    @Test
    void onlyTheOwnerMayUseTheSocket() throws IOException {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(socket);
        }
    }

    @Test
    void aClientThatHangsUpAbandonsItsCommand() throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(new CommandWire().command(1, new CommandRequest("forever", Map.of())));
            assertThat(channel.read(ByteBuffer.allocate(16))).isPositive();
        }
        while (abandoned.get() == 0) {
            Thread.onSpinWait();
        }
        assertThat(call("count", Map.of(), new Heard()).exitCode()).isZero();
    }

    @Test
    void whatIsNoCommandEndsThatConnectionAndNoOther() throws IOException {
        final Random random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            final byte[] bytes = i % 2 == 0 ? new byte[4 + random.nextInt(200)] : damaged(random);
            if (i % 2 == 0) {
                random.nextBytes(bytes);
            }
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                channel.write(ByteBuffer.wrap(bytes));
                channel.shutdownOutput();
                readToTheEnd(channel);
            }
        }
        assertThat(call("echo", Map.of("word", "alive"), new Heard()).exitCode())
                .as("seed " + SEED)
                .isEqualTo(ExitCode.NO.code());
    }

    private static void readToTheEnd(final SocketChannel channel) {
        final ByteBuffer sink = ByteBuffer.allocate(1 << 12);
        try {
            while (channel.read(sink.clear()) >= 0) {
                assertThat(sink.position()).isNotZero();
            }
        } catch (final IOException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    private static byte[] damaged(final Random random) {
        final ByteBuffer frame = new CommandWire().command(7, new CommandRequest("echo", Map.of("word", "hello")));
        final byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        return bytes;
    }

    @Test
    void nobodyListeningIsSaidSo() {
        assertThatThrownBy(() -> CommandClient.connect(directory.resolve("none")))
                .isInstanceOfSatisfying(
                        FarshoreException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.UNAVAILABLE))
                .hasMessageContaining("is it running?");
    }

    private CommandClient.Outcome call(final String verb, final Map<String, String> arguments, final Heard heard) {
        try (CommandClient client = CommandClient.connect(socket)) {
            return client.call(new CommandRequest(verb, arguments), heard);
        }
    }

    private static final class Heard implements CommandClient.Listener {
        final List<List<Cell>> rows = new ArrayList<>();
        final List<String> progress = new ArrayList<>();

        @Override
        public void onRow(final List<Cell> cells) {
            rows.add(cells);
        }

        @Override
        public void onProgress(final String stage, final long done, final long total, final boolean inBytes) {
            progress.add(stage + " " + done + "/" + total + " " + inBytes);
        }
    }
}
