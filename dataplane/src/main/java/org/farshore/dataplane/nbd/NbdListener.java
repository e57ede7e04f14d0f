package org.farshore.dataplane.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import jdk.net.ExtendedSocketOptions;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * A listening socket, TCP or unix. A unix socket is never reachable with other permissions than 0600, not even for a moment:
 * it is bound inside a directory that only its owner may enter, gets its mode there, and is then renamed into place, which
 * also replaces what a killed server left behind.
 */
final class NbdListener implements AutoCloseable {
    private static final int BACKLOG = 32;
    /** A peer that vanished is asked after a minute of silence, then each ten seconds, six times. */
    private static final int KEEP_ALIVE_IDLE_S = 60;

    private static final int KEEP_ALIVE_INTERVAL_S = 10;
    private static final int KEEP_ALIVE_COUNT = 6;

    private final ServerSocketChannel channel;
    private final Path socket;
    private final Object socketKey;

    private NbdListener(final ServerSocketChannel channel, final Path socket, final Object socketKey) {
        this.channel = channel;
        this.socket = socket;
        this.socketKey = socketKey;
    }

    /** Listens on a TCP address. */
    static NbdListener tcp(final InetSocketAddress address) throws IOException {
        final ServerSocketChannel channel = ServerSocketChannel.open();
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(address, BACKLOG);
            channel.configureBlocking(false);
            return new NbdListener(channel, null, null);
        } catch (final IOException e) {
            channel.close();
            throw new IOException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }

    /**
     * Listens on a unix socket at {@code path}, whose directory must exist.
     *
     * @throws FarshoreException CONFIGURATION when something else is there, or a server that lives.
     */
    static NbdListener unix(final Path path) throws IOException {
        refuseWhatIsThere(path);
        final Path directory = Files.createTempDirectory(
                path.toAbsolutePath().getParent(),
                ".nbd",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        final Path hidden = directory.resolve("s");
        final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(hidden), BACKLOG);
            channel.configureBlocking(false);
            Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-------"));
            Files.move(hidden, path, StandardCopyOption.ATOMIC_MOVE);
            return new NbdListener(channel, path, key(path));
        } catch (final IOException e) {
            channel.close();
            Files.deleteIfExists(hidden);
            throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(directory);
        }
    }

    private static void refuseWhatIsThere(final Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        final boolean isSocket = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther();
        if (!isSocket || answers(path)) {
            throw new FarshoreException(
                    ExitCode.CONFIGURATION,
                    "cannot listen on " + path + ": " + (isSocket ? "a server answers there" : "it is no socket"));
        }
    }

    private static boolean answers(final Path path) {
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return probe.connect(UnixDomainSocketAddress.of(path));
        } catch (final IOException e) {
            return false;
        }
    }

    private static Object key(final Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    ServerSocketChannel channel() {
        return channel;
    }

    /** The next client, blocking and with its socket options set, or null when none waits. */
    SocketChannel accept() throws IOException {
        final SocketChannel client = channel.accept();
        if (client != null && socket == null) {
            client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            client.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            client.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S);
            client.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_ALIVE_INTERVAL_S);
            client.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEP_ALIVE_COUNT);
        }
        return client;
    }

    /** How users name an export that is served here. */
    String uri(final String name) {
        try {
            return socket != null
                    ? NbdUri.unix(name, socket)
                    : NbdUri.tcp(name, (InetSocketAddress) channel.getLocalAddress());
        } catch (final IOException e) {
            throw new FarshoreException(ExitCode.INVARIANT, "a listening socket without address", e);
        }
    }

    /** Stops listening and removes the unix socket, unless another server has put its own there. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (socket != null
                && Files.exists(socket, LinkOption.NOFOLLOW_LINKS)
                && Objects.equals(key(socket), socketKey)) {
            Files.delete(socket);
        }
    }
}
