package org.farshore.control.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.farshore.dataplane.runtime.SocketLimits;

/** The machine this process runs on. */
final class LocalMachine implements Machine {
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(10);
    private static final int SYNCS = 20;
    private static final int SYNC_BLOCK_LENGTH = 4096;

    @Override
    public Optional<String> read(final Path file) {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (final IOException e) {
            return Optional.empty();
        }
    }

    @Override
    public boolean exists(final Path file) {
        return Files.exists(file);
    }

    @Override
    public boolean writable(final Path directory) {
        return Files.isWritable(directory);
    }

    @Override
    public long usableBytes(final Path path) throws IOException {
        // Not by Files.getFileStore: it looks for the mount in a table that does not name the root of a chroot.
        final long usable = path.toFile().getUsableSpace();
        if (usable == 0 && !Files.exists(path)) {
            throw new IOException("no such path: " + path);
        }
        return usable;
    }

    @Override
    public Optional<Path> command(final String name) {
        return Commands.find(name);
    }

    @Override
    public Outcome run(final List<String> command) {
        try {
            final Commands.Result result = Commands.run(COMMAND_LIMIT, command);
            return new Outcome(result.exitCode(), result.output());
        } catch (final CommandException e) {
            return new Outcome(-1, e.getMessage());
        }
    }

    @Override
    public String load(final String library) {
        final Outcome cache = run(List.of("/sbin/ldconfig", "-p"));
        final Optional<String> path = cache.output()
                .lines()
                .map(String::trim)
                .filter(line -> line.startsWith(library + " ") && line.contains("=> "))
                .map(line -> line.substring(line.indexOf("=> ") + 3))
                .findFirst();
        if (path.isEmpty()) {
            return library + " is not installed";
        }
        try {
            System.load(path.get());
            return "";
        } catch (final UnsatisfiedLinkError e) {
            return e.getMessage();
        }
    }

    @Override
    public int javaVersion() {
        return Runtime.version().feature();
    }

    @Override
    public boolean opened(final String javaPackage) {
        return Object.class.getModule().isOpen(javaPackage, LocalMachine.class.getModule());
    }

    @Override
    public int grantedReceiveBuffer() {
        return SocketLimits.probe().receiveLength();
    }

    @Override
    public boolean udpPortFree(final int port) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (final IOException e) {
            return false;
        }
    }

    @Override
    public long syncMicros(final Path directory) throws IOException {
        final Path file = Files.createTempFile(directory, ".farshore-doctor", ".sync");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            final ByteBuffer block = ByteBuffer.allocateDirect(SYNC_BLOCK_LENGTH);
            final long[] micros = new long[SYNCS];
            for (int i = 0; i < SYNCS; i++) {
                block.clear();
                channel.write(block, (long) i * SYNC_BLOCK_LENGTH);
                final long begin = System.nanoTime();
                channel.force(false);
                micros[i] = (System.nanoTime() - begin) / 1000;
            }
            Arrays.sort(micros);
            return micros[SYNCS / 2];
        } finally {
            Files.deleteIfExists(file);
        }
    }

    @Override
    public Optional<String> environment(final String name) {
        return Optional.ofNullable(System.getenv(name));
    }

    @Override
    public Optional<String> property(final String name) {
        return Optional.ofNullable(System.getProperty(name));
    }
}
