package org.farshore.dataplane.operate;

import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.command.CommandReply;
import org.farshore.dataplane.command.CommandRequest;
import org.farshore.dataplane.failover.ViewReport;
import org.farshore.dataplane.index.IndexProgress;
import org.farshore.dataplane.recover.PointChoice;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.ExitCode;

/** {@code view-open} and {@code test-failover-start}: chooses a point, waits until it can be read, opens and serves it. */
final class OpenViewTask extends StagedTask {
    private final OperatedMachine machine;
    private final PointQuery query;
    private final Collection<UUID> volumes;
    private final ViewPurpose purpose;

    OpenViewTask(final Operator operator, final CommandRequest request, final boolean isTest) {
        super(operator);
        machine = OperatedMachine.find(request, operator.machines());
        query = PointQuery.parse(request.require("point"));
        volumes = isTest ? List.of() : machine.volumes(request);
        purpose = isTest ? ViewPurpose.TEST : ViewPurpose.PLAIN;
    }

    @Override
    Stage begin(final CommandReply reply) {
        return ask(machine, history -> query.choose(history, volumes), this::chosen);
    }

    private Stage chosen(final PointChoice choice) {
        return choice.isGranted()
                ? untilReadable(
                        this,
                        machine,
                        choice.point(),
                        () -> await(
                                operator()
                                        .failoverAgent()
                                        .openView(machine.stream().machine(), choice.point(), volumes, purpose),
                                report -> opened(this, report)))
                : end(ExitCode.NO, choice.reason());
    }

    /** What comes when the version index has come to a point. */
    interface Next {
        Stage begin();
    }

    static Stage untilReadable(
            final StagedTask task, final OperatedMachine machine, final RecoveryPoint point, final Next next) {
        return new Stage() {
            @Override
            public Stage step(final CommandReply reply) {
                if (machine.isReadable(point)) {
                    return next.begin();
                }
                final IndexProgress progress = machine.history().index().progress();
                reply.progressBytes("loading the version index", progress.doneBytes(), progress.totalBytes());
                return this;
            }
        };
    }

    static Stage opened(final StagedTask task, final ViewReport report) {
        for (final ViewReport.Volume volume : report.volumes()) {
            task.row(Rows.view(report, volume));
        }
        return task.end(ExitCode.OK, "");
    }
}
