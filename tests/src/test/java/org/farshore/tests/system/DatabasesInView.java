package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.farshore.tests.lab.Belongings;
import org.farshore.tests.lab.FarshoreLab;
import org.farshore.tests.lab.Mount;
import org.farshore.tests.lab.NbdDisk;
import org.farshore.tests.lab.PostgresServer;
import org.farshore.tests.lab.RecoveryCli;
import org.farshore.tests.lab.Shell;

/** The databases as they were at a moment, brought up on the two volumes of a view as after a power cut, and examined. */
final class DatabasesInView {
    private static final String RECOVERY = "automatic recovery in progress";

    private final Path directory;
    private final Belongings belongings;
    private final String id;
    private NbdDisk data;
    private NbdDisk log;
    private Mount dataMount;
    private Mount logMount;
    private PostgresServer server;

    private DatabasesInView(final FarshoreLab lab, final String id) {
        this.id = id;
        directory = lab.directory().resolve("view-" + id);
        belongings = lab.guest(Belongings::new);
    }

    /** Attaches both volumes, mounts them, looks at the file systems, starts PostgreSQL and lets it recover. */
    static DatabasesInView bringUp(final FarshoreLab lab, final List<JsonObject> volumes) {
        final DatabasesInView view =
                new DatabasesInView(lab, volumes.get(0).get("view").getAsString());
        view.attach(volumes);
        view.mountWithoutComplaint();
        view.startServer();
        return view;
    }

    private void attach(final List<JsonObject> volumes) {
        assertThat(volumes).hasSize(2);
        try {
            Files.createDirectory(directory);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        data = attach(volumes, DatabasesAtSource.DATA);
        log = attach(volumes, DatabasesAtSource.LOG);
        data.awaitDevice();
        log.awaitDevice();
    }

    private NbdDisk attach(final List<JsonObject> volumes, final String name) {
        final String uris = volumes.stream()
                .filter(row -> row.get("volume").getAsString().equals(name))
                .findFirst()
                .orElseThrow()
                .get("uri")
                .getAsString();
        return belongings.make(() -> NbdDisk.attach(uris.split(" ")[0], directory, name));
    }

    /** Lets the kernel replay the journals of both file systems; then nothing may be wrong with either. */
    private void mountWithoutComplaint() {
        mount();
        unmount();
        mount();
    }

    private void mount() {
        dataMount = belongings.make(() -> Mount.of(data.device(), directory.resolve("data")));
        logMount = belongings.make(() -> Mount.of(log.device(), directory.resolve("wal")));
    }

    private void unmount() {
        dataMount.unmount();
        logMount.unmount();
        Shell.must("e2fsck", "-fn", data.device().toString());
        Shell.must("e2fsck", "-fn", log.device().toString());
    }

    private Path cluster() {
        return dataMount.point().resolve(DatabasesAtSource.CLUSTER);
    }

    /** The lock file names the process of the source, which lives here, too; the log lies below another mount point. */
    private void startServer() {
        Shell.must("rm", cluster().resolve("postmaster.pid").toString());
        Shell.must(
                "ln",
                "-sfn",
                logMount.point().resolve(DatabasesAtSource.WRITE_AHEAD_LOG).toString(),
                cluster().resolve("pg_wal").toString());
        // A vacuum that the shutdown ends is logged as FATAL, and nothing in the log is to be excused.
        server = belongings.make(() -> PostgresServer.start(cluster(), directory.resolve("sockets"), "autovacuum=off"));
        server.awaitReady();
        assertThat(server.log()).contains(RECOVERY).doesNotContain("PANIC", "FATAL", "ERROR", "WARNING");
    }

    /** Everything that can be seen; the server is stopped and the volumes are given back. */
    ViewFindings examine() {
        final ViewFindings findings = new ViewFindings();
        findings.takePostgres(server.query(ViewFindings.QUESTIONS));
        findings.takeSqlite(Shell.must(
                "sqlite3",
                dataMount.point().resolve(DatabasesAtSource.SQLITE).toString(),
                ViewFindings.SQLITE_QUESTIONS));
        server.stop();
        assertThat(server.log()).doesNotContain("PANIC", "FATAL", "ERROR", "WARNING");
        findings.takeChecksums(Shell.must(PostgresServer.command(
                "pg_checksums", "--check", "-D", cluster().toString())));
        unmount();
        return findings;
    }

    /** Gives everything back and closes the view, of which nothing may be left. */
    void close(final RecoveryCli cli) {
        belongings.close();
        assertThat(cli.must("view", "close", id).row().get("residue").getAsInt())
                .isZero();
        Shell.must("rm", "-r", "--one-file-system", directory.toString());
    }
}
