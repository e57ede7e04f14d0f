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
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.farshore.dataplane.nbd.FileExport;
import org.farshore.dataplane.nbd.NbdServer;
import org.farshore.dataplane.nbd.NbdServerContext;
import org.farshore.dataplane.runtime.ChannelBlockFiles;
import org.farshore.dataplane.runtime.HeapCounters;
import org.farshore.tests.lab.Await;
import org.farshore.tests.lab.Features;
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
    private static final String PYTHON = "/usr/bin/python3";
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
        final String script = String.join(
                "\n",
                "write -P 0x11 0 1M",
                "write -P 0x22 1000003 65537",
                "write -f -P 0x33 4M 3M",
                "read -P 0x11 0 1000003",
                "read -P 0x22 1000003 65537",
                "read -P 0x33 4M 3M",
                "write -z 5M 64k",
                "read -P 0 5M 64k",
                "write -z -u 4M 512k",
                "read -P 0 4M 512k",
                "discard 6M 512k",
                "aio_write -P 0x44 8M 1M",
                "aio_write -P 0x55 9M 1M",
                "aio_flush",
                "read -P 0x44 8M 1M",
                "read -P 0x55 9M 1M",
                "flush");
        final String output = Shell.script("qemu-io -f raw '" + uri + "' <<'END'\n" + script + "\nEND\n");
        assertThat(output).doesNotContain("Pattern verification failed").doesNotContain("failed");
        assertThat(output.split("read ", -1)).hasSize(8);
        assertThat(Shell.attempt("qemu-io", "-f", "raw", server.uris("frozen").get(0), "-c", "write 0 4k")
                        .exitCode())
                .isNotZero();
    }

    @Test
    void libnbdSeesTwoConnectionsAsOneDisk() throws IOException {
        if (Shell.attempt(PYTHON, "-c", "import nbd").exitCode() != 0) {
            Features.skip(NAME, "no libnbd for Debian's Python (python3-libnbd)");
        }
        final Path script = Files.writeString(
                directory.resolve("check.py"),
                String.join(
                        "\n",
                        "import nbd, os",
                        "a, b = nbd.NBD(), nbd.NBD()",
                        "for h in (a, b):",
                        "    h.add_meta_context('base:allocation')",
                        "    h.connect_uri(os.environ['URI'])",
                        "    h.set_strict_mode(0)",
                        "assert a.can_multi_conn() and a.get_structured_replies_negotiated()",
                        "for i in range(200):",
                        "    data = os.urandom(1 + i * 37)",
                        "    a.pwrite(data, i * 10007, nbd.CMD_FLAG_FUA if i % 2 else 0)",
                        "    if i % 2 == 0: b.flush()",
                        "    assert b.pread(len(data), i * 10007) == data, i",
                        "    a, b = b, a",
                        "a.zero(1 << 20, 1 << 20)",
                        "b.trim(65536, 4 << 20)",
                        "found = []",
                        "b.block_status(1 << 20, 1 << 20, lambda c, o, e, err: found.extend(e))",
                        "assert found == [1 << 20, 3], found",
                        "chunks = []",
                        "def chunk(buf, offset, status, err): chunks.append((offset, len(buf), status))",
                        "b.pread_structured(1 << 20, 1 << 20, chunk)",
                        "assert chunks == [(1 << 20, 1 << 20, nbd.READ_HOLE)], chunks",
                        "size = a.get_size()",
                        "for call in (lambda: a.pread(512, size), lambda: a.pwrite(b'x' * 512, size - 511),",
                        "             lambda: a.zero(1, size), lambda: a.trim(512, size), lambda: a.cache(512, 0)):",
                        "    try:",
                        "        call()",
                        "        assert False, 'served beyond the end'",
                        "    except nbd.Error as e:",
                        "        assert e.errno in ('EINVAL', 'ENOSPC'), e",
                        "assert a.pread(512, size - 512) == bytes(512)",
                        "a.shutdown(); b.shutdown()"));
        Shell.run(LIMIT, Map.of("URI", uri), List.of(PYTHON, script.toString())).mustSucceed();
    }

    @Test
    void fioVerifiesWhatItWroteThroughItsNbdEngine() {
        Features.requireCommands(NAME, "fio");
        if (!Shell.must("fio", "--enghelp").contains("nbd")) {
            Features.skip(NAME, "this fio has no nbd engine");
        }
        Shell.must(
                "fio",
                "--name=nbd",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=randwrite",
                "--bs=4k",
                "--iodepth=16",
                "--size=24m",
                "--randseed=7",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0");
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
