package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.farshore.dataplane.nbd.FileExport;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.NbdServerContext;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Python;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people have, against the server: libnbd's tools, QEMU's, fio, and the kernel through FUSE and a loop. */
@Tag("system")
class NbdToolsSystemTest {
    private static final String NAME = "NbdToolsSystemTest";
    private static final long SIZE = 48 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private Path disk;
    private NbdServer server;
    private String uri;

    @BeforeEach
    void serve() throws IOException {
        disk = directory.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(SIZE);
        }
        server = NbdServer.launch(new NbdServerContext()
                .unixSocket(directory.resolve("nbd.sock"))
                .tcpAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .counterFactory(new HeapCounters())
                .errorHandler(faults::add));
        server.add("disk", new FileExport(new ChannelBlockFiles(), disk, false));
        server.add("frozen", new FileExport(new ChannelBlockFiles(), disk, true));
        uri = server.uris("disk").get(0);
    }

    @AfterEach
    void end() {
        server.close();
        assertThat(faults).isEmpty();
    }

    /** A file with data, long holes, and zeros that take space. */
    private Path source() throws IOException {
        final Path source = directory.resolve("source.img");
        final byte[] data = new byte[3 << 20];
        new Random(20_262).nextBytes(data);
        try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
            file.setLength(SIZE);
            for (long at = 0; at < SIZE; at += 16 << 20) {
                file.seek(at + 4096);
                file.write(data);
                file.write(new byte[1 << 20]);
            }
        }
        return source;
    }

    private void assertDiskEquals(final Path file) {
        Shell.must("cmp", file.toString(), disk.toString());
    }

    @Test
    void nbdinfoSeesWhatIsAdvertisedOnBothSockets() {
        Features.requireCommands(NAME, "nbdinfo");
        for (final String address : server.uris("disk")) {
            final String facts = Shell.must("nbdinfo", "--json", address);
            assertThat(facts)
                    .contains("\"protocol\": \"newstyle-fixed\"", "\"structured\": true", "\"export-size\": " + SIZE)
                    .contains("\"can_multi_conn\": true", "\"can_fua\": true", "\"can_df\": true")
                    .contains("\"block_size_preferred\": 4096", "\"block_size_maximum\": 33554432")
                    .contains("base:allocation");
        }
        assertThat(Shell.must("nbdinfo", "--list", uri)).contains("export=\"disk\"", "export=\"frozen\"");
        assertThat(Shell.must(
                        "nbdinfo", "--is", "read-only", server.uris("frozen").get(0)))
                .isEmpty();
        assertThat(Shell.attempt("nbdinfo", server.uris("none").get(0)).exitCode())
                .isNotZero();
    }

    @Test
    void nbdcopyCopiesBothWaysAndKeepsHoles() throws IOException {
        Features.requireCommands(NAME, "nbdcopy", "cmp", "nbdinfo");
        final Path source = source();
        final Path back = directory.resolve("back.img");
        Shell.must("nbdcopy", "--flush", "--connections=4", source.toString(), uri);
        assertDiskEquals(source);
        assertThat(Shell.must("nbdinfo", "--map", uri)).contains("hole,zero", "data");
        Shell.must("nbdcopy", server.uris("disk").get(1), back.toString());
        assertDiskEquals(back);
        assertThat(Long.parseLong(Shell.must("stat", "-c", "%b", back.toString())) * 512)
                .as("space of the copy")
                .isLessThan(SIZE / 2);
    }

    @Test
    void qemuImgConvertsComparesAndMaps() throws IOException {
        Features.requireCommands(NAME, "qemu-img", "cmp");
        final Path source = source();
        final Path back = directory.resolve("back.qcow2");
        Shell.must("qemu-img", "convert", "-n", "-W", "-f", "raw", "-O", "raw", source.toString(), uri);
        assertDiskEquals(source);
        Shell.must("qemu-img", "compare", "-f", "raw", "-F", "raw", source.toString(), uri);
        Shell.must("qemu-img", "convert", "-f", "raw", "-O", "qcow2", uri, back.toString());
        Shell.must("qemu-img", "compare", "-f", "qcow2", "-F", "raw", back.toString(), uri);
        assertThat(Shell.must("qemu-img", "map", "--output=json", "-f", "raw", uri))
                .contains("\"zero\": true, \"data\": false", "\"zero\": false, \"data\": true");
    }

    @Test
    void qemuIoReadsThePatternsThatItWrote() {
        Features.requireCommands(NAME, "qemu-io");
        NbdClients.verifyWithQemuIo(uri);
        assertThat(Shell.attempt("qemu-io", "-f", "raw", server.uris("frozen").get(0), "-c", "write 0 4k")
                        .exitCode())
                .isNotZero();
    }

    @Test
    void libnbdSeesTwoConnectionsAsOneDisk() {
        Python.requireLibnbd(NAME);
        NbdClients.verifyTwoConnections(uri);
    }

    @Test
    void fioVerifiesWhatItWroteThroughItsNbdEngine() {
        Features.requireCommands(NAME, "fio");
        NbdClients.verifyWithFio(NAME, uri);
    }

    @Test
    @Tag("privileged")
    void aFilesystemLivesOnItThroughFuseAndALoopDevice() throws IOException, InterruptedException {
        Features.requireRoot(NAME);
        Features.requireCommands(NAME, "nbdfuse", "fusermount3", "losetup", "mkfs.ext4", "e2fsck");
        final Path file = Files.createFile(directory.resolve("fuse.img"));
        final Process fuse = new ProcessBuilder("nbdfuse", file.toString(), uri)
                .redirectOutput(directory.resolve("nbdfuse.log").toFile())
                .redirectErrorStream(true)
                .start();
        try {
            Await.until("nbdfuse shows the disk", LIMIT, () -> file.toFile().length() == SIZE);
            Shell.script(String.join(
                    "\n",
                    "loop=$(losetup --find --show " + file + ")",
                    "trap 'umount $point 2>/dev/null || true; losetup -d $loop' EXIT",
                    "point=" + Files.createDirectory(directory.resolve("mnt")),
                    "mkfs.ext4 -q -F $loop",
                    "mount $loop $point",
                    "cp -a /usr/share/zoneinfo $point/",
                    "sync",
                    "diff -r --no-dereference /usr/share/zoneinfo $point/zoneinfo",
                    "fstrim $point || true",
                    "umount $point"));
        } finally {
            Shell.attempt("fusermount3", "-u", file.toString());
            fuse.waitFor();
        }
        Shell.must("e2fsck", "-fn", disk.toString());
    }
}
