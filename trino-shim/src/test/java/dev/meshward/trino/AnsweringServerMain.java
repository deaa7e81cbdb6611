package dev.meshward.trino;

import static dev.meshward.trino.AnsweringServer.clear;
import static dev.meshward.trino.AnsweringServer.masked;
import static dev.meshward.trino.AnsweringServer.hidden;
import static dev.meshward.trino.AnsweringServer.rowFilters;

import dev.meshward.decision.v1.ColumnDecision;
import dev.meshward.decision.v1.DecideTableRequest;
import dev.meshward.decision.v1.DecideTableResponse;
import dev.meshward.decision.v1.Expression;
import dev.meshward.decision.v1.RowFilters;
import dev.meshward.decision.v1.TableColumns;
import dev.meshward.decision.v1.TableName;

import java.util.Optional;

/**
 * The answering server by itself, to try the plugin in a real Trino: rows of one nation's customers, their phone masked
 * and their comment hidden; suppliers filtered by a column that is hidden, as the plugin; orders without any row.
 */
public final class AnsweringServerMain
{
    private AnsweringServerMain() {}

    public static void main(String[] arguments)
            throws InterruptedException
    {
        AnsweringServer server = new AnsweringServer(Integer.parseInt(arguments[0]));
        server.tables = AnsweringServerMain::decide;
        Thread.ofPlatform().daemon().start(() -> {
            int seen = 0;
            while (true) {
                while (seen < server.requests.size()) {
                    var message = server.requests.get(seen);
                    seen++;
                    System.out.println(seen + " " + message.getClass().getSimpleName() + " " + message.toString().replaceAll("\\s+", " "));
                }
                try {
                    Thread.sleep(100);
                }
                catch (InterruptedException e) {
                    return;
                }
            }
        });
        System.out.println("answering on " + server.target());
        server.await();
    }

    private static DecideTableResponse decide(DecideTableRequest request)
    {
        DecideTableResponse.Builder answer = clear(request);
        switch (request.getTable().getTable()) {
            case "customer" -> {
                column(request, answer, "phone", masked("CAST('***' AS varchar(15))"));
                column(request, answer, "comment", hidden("the comment of a customer is for its clerk"));
                answer.setRowFilters(rowFilters("\"nationkey\" = 8", "\"custkey\" < 100"));
            }
            case "supplier" -> {
                column(request, answer, "nationkey", hidden("nations are not for you"));
                Expression filter = Expression.newBuilder()
                        .setSql("\"nationkey\" IN (SELECT n.nationkey FROM tpch.tiny.nation n WHERE n.name = 'INDIA')")
                        .setRunAsPlugin(true)
                        .addReads(reads(request.getTable(), "nationkey"))
                        .addReads(reads(TableName.newBuilder().setCatalog("tpch").setSchema("tiny").setTable("nation").build(), "nationkey", "name"))
                        .build();
                answer.setRowFilters(RowFilters.newBuilder().addFilters(filter));
            }
            case "orders" -> answer.setNoRows(answer.getNoRows());
            case "lineitem" -> answer.setRead(AnsweringServer.verdict(false, "ask the owners of sales"));
            default -> {}
        }
        return answer.build();
    }

    private static TableColumns reads(TableName table, String... columns)
    {
        return TableColumns.newBuilder().setTable(table).addAllColumns(java.util.List.of(columns)).build();
    }

    private static void column(DecideTableRequest request, DecideTableResponse.Builder answer, String name, ColumnDecision decision)
    {
        Optional.of(request.getColumnsList().stream().map(column -> column.getName()).toList().indexOf(name))
                .filter(place -> place >= 0)
                .ifPresent(place -> answer.setColumns(place, decision));
    }
}
