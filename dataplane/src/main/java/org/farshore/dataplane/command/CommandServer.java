package org.farshore.dataplane.command;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.farshore.dataplane.runtime.Clocks;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.StateLog;

/**
 * The command thread of a role: listens on a unix socket and steps what its clients want done, one command at a time for
 * each. Bounded: so many clients, one frame read and {@link CommandConnection#OUT_LENGTH} bytes unsent for each.
 *
 * <p>The socket is bound inside a directory that only its owner may enter and moved to its place when its mode is set, so
 * that there is no instant at which a stranger could connect. A socket that an earlier process left behind is replaced; the
 * lock of the data directory keeps a second process away. A disk that has no room for a socket keeps nobody from taking
 * copies: the role goes on without commands, says so once, and tries again.
 */
public final class CommandServer implements Agent {
    /** Name of the socket in the data directory of a role. */
    public static final String NAME = "control.sock";

    private static final StateLog LOG = StateLog.of(CommandServer.class);
    private static final int CLIENTS_MAX = 16;
    private static final long RETRY_NS = 5_000_000_000L;

    private final Path path;
    private final CommandBook book;
    private final Clocks clocks;
    private final Selector selector;
    private final List<CommandConnection> connections = new ArrayList<>();
    private ServerSocketChannel listener;
    private boolean isFull;
    private boolean isDeaf;
    private long retryAtNs;

    /**
     * Listens from now on, or as soon as the disk has room.
     *
     * @param path of the socket, at most some 100 bytes long.
     * @throws FarshoreException CONFIGURATION when no socket can bear this name.
     */
    public CommandServer(final Path path, final CommandBook book, final Clocks clocks) {
        this.path = path;
        this.book = book;
        this.clocks = clocks;
        try {
            selector = Selector.open();
            listen();
        } catch (final IOException | IllegalArgumentException e) {
            throw new FarshoreException(ExitCode.CONFIGURATION, "cannot listen on " + path + ": " + e.getMessage(), e);
        }
    }

    private void listen() {
        try {
            listener = bind(path);
            listener.configureBlocking(false);
            listener.register(selector, SelectionKey.OP_ACCEPT);
            if (isDeaf) {
                LOG.info("command", path, "state", "listens");
            }
            isDeaf = false;
        } catch (final IOException e) {
            if (String.valueOf(e.getMessage()).contains("too long")) {
                throw new IllegalArgumentException(e.getMessage(), e);
            }
            if (!isDeaf) {
                LOG.warn("command", path, "state", "deaf", "reason", e.getMessage(), "next", "tried again every 5 s");
            }
            isDeaf = true;
            listener = null;
            retryAtNs = clocks.nanoTime() + RETRY_NS;
        }
    }

    private static ServerSocketChannel bind(final Path path) throws IOException {
        final Path directory = Files.createTempDirectory(
                path.toAbsolutePath().getParent(),
                ".c",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        final Path first = directory.resolve("s");
        final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.bind(UnixDomainSocketAddress.of(first));
            Files.setPosixFilePermissions(first, PosixFilePermissions.fromString("rw-------"));
            Files.move(first, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            return channel;
        } catch (final IOException | RuntimeException e) {
            channel.close();
            Files.deleteIfExists(first);
            throw e;
        } finally {
            Files.deleteIfExists(directory);
        }
    }

    @Override
    public int doWork() {
        int work = 0;
        if (listener == null && clocks.nanoTime() - retryAtNs >= 0) {
            listen();
        }
        try {
            if (selector.selectNow() > 0) {
                work += acceptAll();
                selector.selectedKeys().clear();
            }
        } catch (final IOException e) {
            LOG.warn("command", path, "accept", "failed", "reason", e.getMessage());
        }
        for (int i = connections.size() - 1; i >= 0; i--) {
            work += connections.get(i).doWork(book);
            if (connections.get(i).isClosed()) {
                connections.remove(i);
            }
        }
        return work;
    }

    private int acceptAll() throws IOException {
        int count = 0;
        for (SocketChannel client = listener.accept(); client != null; client = listener.accept()) {
            count++;
            if (connections.size() == CLIENTS_MAX) {
                client.close();
                noteFull();
                continue;
            }
            client.configureBlocking(false);
            connections.add(new CommandConnection(client));
            isFull = false;
        }
        return count;
    }

    /** Once for each time of crowding, not once for each client. */
    private void noteFull() {
        if (!isFull) {
            LOG.warn("command", path, "refused", "more than " + CLIENTS_MAX + " clients at once");
        }
        isFull = true;
    }

    @Override
    public String roleName() {
        return "command";
    }

    @Override
    public void onClose() {
        connections.forEach(CommandConnection::close);
        connections.clear();
        try {
            if (listener != null) {
                listener.close();
            }
            selector.close();
            Files.deleteIfExists(path);
        } catch (final IOException e) {
            LOG.warn("command", path, "close", "failed", "reason", e.getMessage());
        }
    }
}
