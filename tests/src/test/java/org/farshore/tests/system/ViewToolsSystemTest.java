package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.LoopDevice;
import org.farshore.tests.lab.PrivilegedSystemTest;
import org.farshore.tests.lab.Python;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Role;
import org.farshore.tests.lab.Shell;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The clients that people have, against views that a running master target serves: part of a view is in the replica volume,
 * part in the journal, and part in what the clients themselves have written to it.
 */
@PrivilegedSystemTest
class ViewToolsSystemTest {
    private static final String NAME = "ViewToolsSystemTest";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long SIZE = 64 << 20;

    private static FarshoreLab lab;
    private static RecoveryCli cli;
    private static Path then;
    private static long sequence;

    private String uri;
    private String id;

    /** 24 MiB of data with a discarded hole; written once more after the point. */
    @BeforeAll
    static void protectAndCutAPoint() {
        Features.requireEbpf(NAME);
        lab = FarshoreLab.create("view-tools").withBpfFilesystem().set(Role.MASTER_TARGET, "retention.window", "1h");
        cli = new RecoveryCli(lab);
        final LoopDevice disk = lab.memoryLoop("disk", SIZE);
        fill(disk, 0, 16);
        lab.protect("disk", disk.path()).startAll().awaitOrdered(LIMIT);
        fill(disk, 12, 12);
        Shell.must("blkdiscard", "-o", "8M", "-l", "4M", disk.path().toString());
        sequence = cli.pointOfNow();
        then = lab.directory().resolve("then.img");
        Shell.must("dd", "if=" + disk.path(), "of=" + then, "bs=1M", "iflag=direct", "status=none");
        fill(disk, 0, 32);
        cli.pointOfNow();
    }

    private static void fill(final LoopDevice disk, final int seekMib, final int countMib) {
        Shell.must(
                "dd",
                "if=/dev/urandom",
                "of=" + disk.path(),
                "bs=1M",
                "seek=" + seekMib,
                "count=" + countMib,
                "oflag=direct",
                "status=none");
    }

    @AfterAll
    static void takeDown() {
        if (lab != null) {
            lab.close();
        }
    }

    @BeforeEach
    void openAView() {
        final JsonObject view =
                cli.must("view", "open", "--point", "sequence=" + sequence).row();
        uri = view.get("uri").getAsString();
        id = view.get("view").getAsString();
    }

    @AfterEach
    void closeIt() {
        if (id != null) {
            cli.must("view", "close", id);
        }
    }

    @Test
    void nbdinfoSeesWhatAViewOffers() {
        Features.requireCommands(NAME, "nbdinfo");
        assertThat(Shell.must("nbdinfo", "--json", uri))
                .contains("\"protocol\": \"newstyle-fixed\"", "\"structured\": true", "\"export-size\": " + SIZE)
                .contains("\"is_read_only\": false", "\"can_multi_conn\": true", "\"can_fua\": true")
                .contains("\"can_flush\": true", "\"can_trim\": true", "\"can_zero\": true", "\"can_df\": true")
                .contains("\"block_size_preferred\": 4096", "base:allocation");
        for (final String ability : List.of("connect", "multi-conn", "fua", "flush", "trim", "zero", "df", "write")) {
            assertThat(Shell.attempt("nbdinfo", "--can", ability, uri).exitCode())
                    .as(ability)
                    .isZero();
        }
        assertThat(Shell.attempt("nbdinfo", "--can", "cache", uri).exitCode())
                .as("cache")
                .isEqualTo(2);
        assertThat(Shell.attempt("nbdinfo", "--is", "read-only", uri).exitCode())
                .as("read-only")
                .isEqualTo(2);
        assertThat(Shell.must("nbdinfo", "--list", uri)).contains("export=\"" + id + "/disk\"");
        assertThat(Shell.must("nbdinfo", "--map", uri)).containsPattern("(?m)^ *8388608 +4194304 +3 +hole,zero$");
        assertThat(Shell.must("nbdinfo", "--size", uri)).isEqualTo("" + SIZE);
    }

    @Test
    void nbdcopyCopiesAViewInEveryWayThatItHas() {
        Features.requireCommands(NAME, "nbdcopy", "cmp");
        final Path copy = lab.directory().resolve("copy.img");
        for (final List<String> way : List.of(
                List.of("--synchronous"),
                List.of("--allocated"),
                List.of("--connections=4", "--requests=32"),
                List.of("--connections=1", "--no-extents"))) {
            final List<String> command = new java.util.ArrayList<>(List.of("nbdcopy"));
            command.addAll(way);
            command.addAll(List.of(uri, copy.toString()));
            Shell.must(command.toArray(String[]::new));
            Shell.must("cmp", then.toString(), copy.toString());
            Shell.must("rm", copy.toString());
        }
        Shell.must("dd", "if=/dev/urandom", "of=" + copy, "bs=1M", "count=64", "status=none");
        Shell.must("nbdcopy", "--flush", "--connections=4", copy.toString(), uri);
        Shell.must("nbdcopy", "--connections=4", uri, copy + ".back");
        Shell.must("cmp", copy.toString(), copy + ".back");
        Shell.must("rm", copy.toString(), copy + ".back");
    }

    @Test
    void qemuImgConvertsAndComparesAView() {
        Features.requireCommands(NAME, "qemu-img");
        final Path copy = lab.directory().resolve("copy.qcow2");
        Shell.must("qemu-img", "compare", "-f", "raw", "-F", "raw", then.toString(), uri);
        Shell.must("qemu-img", "convert", "-m", "8", "-f", "raw", "-O", "qcow2", uri, copy.toString());
        Shell.must("qemu-img", "compare", "-f", "qcow2", "-F", "raw", copy.toString(), uri);
        Shell.must("qemu-io", "-f", "qcow2", copy.toString(), "-c", "write -P 7 5M 3M", "-c", "write -z 20M 2M");
        assertThat(Shell.attempt("qemu-img", "compare", "-f", "qcow2", "-F", "raw", copy.toString(), uri)
                        .exitCode())
                .as("they differ")
                .isEqualTo(1);
        Shell.must("qemu-img", "convert", "-n", "-W", "-f", "qcow2", "-O", "raw", copy.toString(), uri);
        Shell.must("qemu-img", "compare", "-f", "qcow2", "-F", "raw", copy.toString(), uri);
        assertThat(Shell.must("qemu-img", "map", "--output=json", "-f", "raw", uri))
                .contains("\"zero\": true, \"data\": false", "\"zero\": false, \"data\": true");
        Shell.must("rm", copy.toString());
    }

    @Test
    void qemuIoReadsThePatternsThatItWrote() {
        Features.requireCommands(NAME, "qemu-io");
        NbdClients.verifyWithQemuIo(uri);
    }

    @Test
    void fioVerifiesWhatItWroteThroughItsNbdEngine() {
        Features.requireCommands(NAME, "fio");
        NbdClients.verifyWithFio(NAME, uri);
    }

    @Test
    void twoClientsOfOneViewSeeOneDisk() {
        Python.requireLibnbd(NAME);
        NbdClients.verifyTwoConnections(uri);
    }
}
