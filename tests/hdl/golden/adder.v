module adder (
    input wire clk,
    input wire rst,
    input wire valid_in,
    input wire [3:0] x,
    output wire valid_out,
    output wire [6:0] bits
);
    wire [5:0] encoder_to_core;
    wire [0:0] encoder_to_result;
    wire [2:0] core_to_result;
    adder_encoder encoder (
        .clk(clk), .x(x), .to_core(encoder_to_core), .result(encoder_to_result)
    );
    adder_core core (
        .clk(clk), .from_encoder(encoder_to_core), .result(core_to_result)
    );
    assign bits = {
        1'b0, 1'b1, encoder_to_result[0], core_to_result[0], core_to_result[1],
        core_to_result[2], core_to_result[0]
    };
    reg [1:0] valid;
    always @(posedge clk)
        valid <= rst ? 2'd0 : {valid[0:0], valid_in};
    assign valid_out = valid[1];
endmodule
