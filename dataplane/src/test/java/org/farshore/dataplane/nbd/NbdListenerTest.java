package org.farshore.dataplane.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.HeapCounters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NbdListenerTest {
    @TempDir
    private Path directory;

    private NbdServerContext context() {
        return new NbdServerContext().counterFactory(new HeapCounters()).errorHandler(cause -> {
            throw new AssertionError(cause);
        });
    }

    @Test
    void aUnixSocketIsItsOwnersAloneAndNothingElseIsLeftBesideIt() throws IOException {
        final Path socket = directory.resolve("nbd.sock");
        try (NbdListener listener = NbdListener.unix(socket)) {
            assertThat(listener.uri("a b")).isEqualTo("nbd+unix:///a%20b?socket=" + socket);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-------");
            try (var entries = Files.list(directory)) {
                assertThat(entries).containsExactly(socket);
            }
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void whatAKilledServerLeftIsReplaced() throws IOException {
        final Path socket = directory.resolve("nbd.sock");
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        try (NbdListener listener = NbdListener.unix(socket);
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            assertThat(client.isConnected()).isTrue();
            assertThat(listener.channel().isOpen()).isTrue();
        }
    }

    @Test
    void aLivingServerOrAFileIsNotReplaced() throws IOException {
        final Path socket = directory.resolve("nbd.sock");
        final Path file = Files.writeString(directory.resolve("file"), "mine");
        try (NbdListener living = NbdListener.unix(socket)) {
            for (final Path taken : new Path[] {socket, file}) {
                assertThatThrownBy(() -> NbdListener.unix(taken))
                        .isInstanceOfSatisfying(
                                FarshoreException.class,
                                e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIGURATION));
            }
            assertThat(living.channel().isOpen()).isTrue();
        }
        assertThat(file).hasContent("mine");
    }

    @Test
    void anotherServersSocketIsNotRemoved() throws IOException {
        final Path socket = directory.resolve("nbd.sock");
        final NbdListener first = NbdListener.unix(socket);
        Files.delete(socket);
        try (NbdListener second = NbdListener.unix(socket)) {
            first.close();
            assertThat(socket).exists();
            assertThat(second.channel().isOpen()).isTrue();
        }
    }

    @Test
    void tcpIsServedOnLoopback() throws IOException {
        final InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (NbdServer server = NbdServer.launch(context().tcpAddress(any))) {
            server.add("disk", new MemoryExport(512));
            final String uri = server.uris("disk").get(0);
            assertThat(uri).matches("nbd://127\\.0\\.0\\.1:\\d+/disk");
            final int port = Integer.parseInt(uri.replaceAll(".*:(\\d+)/.*", "$1"));
            try (SocketChannel client = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
                final ByteBuffer greeting = ByteBuffer.allocate(18);
                while (greeting.hasRemaining()) {
                    assertThat(client.read(greeting)).isPositive();
                }
                assertThat(greeting.flip().getLong()).isEqualTo(NbdProtocol.INIT_MAGIC);
            }
        }
    }

    @Test
    void anAddressThatOthersReachMustBeAllowed() throws IOException {
        final InetSocketAddress open = new InetSocketAddress(Inet4Address.getByAddress(new byte[] {0, 0, 0, 0}), 0);
        assertThatThrownBy(() -> context().tcpAddress(open).conclude())
                .isInstanceOf(FarshoreException.class)
                .hasMessageContaining("loopback");
        context().tcpAddress(open).remoteAllowed(true).conclude();
        assertThatThrownBy(() -> context().conclude()).hasMessageContaining("neither");
    }

    @Test
    void namesAndFactsThatDoNotFitAreRefused() {
        final NbdServerRig rig = NbdServerRig.with(new MemoryExport(512));
        final MemoryExport odd = new MemoryExport(513);
        odd.minimumBlockLength = 512;
        try (NbdServer server = rig.server) {
            assertThatThrownBy(() -> server.add("disk", new MemoryExport(512))).hasMessageContaining("already");
            assertThatThrownBy(() -> server.add("", new MemoryExport(512))).hasMessageContaining("name");
            assertThatThrownBy(() -> server.add("a\nb", new MemoryExport(512))).hasMessageContaining("name");
            assertThatThrownBy(() -> server.add("ü".repeat(128), new MemoryExport(512)))
                    .hasMessageContaining("name");
            assertThatThrownBy(() -> server.add("odd", odd)).hasMessageContaining("513");
        }
    }

    @Test
    void urisEscapeWhatIsNoPlainLetter() throws IOException {
        final InetSocketAddress v6 = new InetSocketAddress(InetAddress.getByName("::1"), 10809);
        assertThat(NbdUri.tcp("web/data@14:03", v6)).isEqualTo("nbd://[0:0:0:0:0:0:0:1]:10809/web/data%4014%3A03");
        assertThat(NbdUri.unix("ä?", Path.of("/run/a b/s"))).isEqualTo("nbd+unix:///%C3%A4%3F?socket=/run/a%20b/s");
    }
}
